//! Dates for people, as the C library's `ctime` writes them.

use stdx::WallTime;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `Wed Dec 21 19:47:13 2016`, at so many seconds east of Greenwich.
pub(crate) fn ctime(at: WallTime, east_secs: i64) -> String {
    let secs = at.secs() as i64 + east_secs;
    let (days, of_day) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    format!(
        "{} {} {day:2} {:02}:{:02}:{:02} {year}",
        DAYS[days.rem_euclid(7) as usize],
        MONTHS[month - 1],
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

/// Year, month from 1 and day of month, of a day counted from 1970. Howard Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>): years begin in March, so that the leap day is the last.
fn civil(days: i64) -> (i64, usize, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month as usize, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_as_the_c_library_writes_them() {
        for (secs, east, want) in [
            (0, 0, "Thu Jan  1 00:00:00 1970"),
            (1_482_320_833, 28_800, "Wed Dec 21 19:47:13 2016"),
            (951_827_696, 0, "Tue Feb 29 12:34:56 2000"),
            (4_102_444_799, 0, "Thu Dec 31 23:59:59 2099"),
        ] {
            assert_eq!(ctime(WallTime::from_ms(secs * 1000), east), want);
        }
    }
}
