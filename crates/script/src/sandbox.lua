-- The world that scripts live in: what Lua has, less what would let them out, with `redis` and its kin added.
--
-- Lua 5.1 has no read-only tables. A table that scripts share is kept behind an empty one, its face: reading goes
-- through to it, writing is refused. Whatever looks at tables without asking their metatables (rawset, next,
-- setmetatable and so on) is replaced here by a function that knows faces. The functions of `doors` are in Rust. What
-- they raise is veiled on its way; whatever catches errors shows what is behind the veil.

local doors, globals, is_library = ...

local error, getmetatable, setmetatable, next, rawset = error, getmetatable, setmetatable, next, rawset
local rawget, pcall, xpcall, select, tostring, type = rawget, pcall, xpcall, select, tostring, type
local insert, concat, resume, collectgarbage = table.insert, table.concat, coroutine.resume, collectgarbage
local load = load

-- What scripts see: the face of what Lua calls globals. It is the environment of the functions below as well, so that
-- nobody finds the globals by looking at theirs.
local environment = {}
setfenv(1, environment)

-- Faces ---------------------------------------------------------------------------------------------------------------

local faces, behind = { [globals] = environment }, { [environment] = globals }

local READONLY = "Attempt to modify a readonly table"

local function refuse()
  error(READONLY, 2)
end

local seal

local function seal_contents(table)
  for key, value in next, table do
    if type(value) == "table" then
      table[key] = seal(value)
    end
  end
end

function seal(table)
  if behind[table] or faces[table] then
    return faces[table] or table
  end
  local face = {}
  faces[table], behind[face] = face, table
  seal_contents(table)
  return setmetatable(face, { __index = table, __newindex = refuse })
end

local function missing(_, name)
  error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end

-- As Lua itself complains of arguments; `level` counts from here.
local function complain(position, name, text, level)
  error("bad argument #" .. position .. " to '" .. name .. "' (" .. text .. ")", level + 1)
end

local function expect_table(value, name)
  if type(value) ~= "table" then
    complain(1, name, "table expected, got " .. type(value), 3)
  end
end

local string_metatable

function globals.getmetatable(value)
  local table = behind[value]
  if table then
    local metatable = getmetatable(table)
    return metatable and seal(metatable)
  end
  if type(value) == "string" then
    -- All strings of all scripts have the same one.
    return string_metatable
  end
  return getmetatable(value)
end

function globals.setmetatable(table, metatable)
  if behind[table] then
    error(READONLY, 0)
  end
  expect_table(table, "setmetatable")
  if metatable ~= nil and type(metatable) ~= "table" then
    complain(2, "setmetatable", "nil or table expected", 2)
  end
  local present = getmetatable(table)
  if present ~= nil and (type(present) ~= "table" or rawget(present, "__metatable") ~= nil) then
    error("cannot change a protected metatable", 2)
  end
  return setmetatable(table, metatable)
end

function globals.rawset(table, key, value)
  if behind[table] then
    error(READONLY, 0)
  end
  expect_table(table, "rawset")
  return rawset(table, key, value)
end

function globals.rawget(table, key)
  expect_table(table, "rawget")
  return rawget(behind[table] or table, key)
end

local function step(face, key)
  return next(behind[face] or face, key)
end

function globals.next(table, key)
  expect_table(table, "next")
  return next(behind[table] or table, key)
end

function globals.pairs(table)
  if behind[table] then
    return step, table, nil
  end
  expect_table(table, "pairs")
  return next, table, nil
end

function globals.table.insert(table, ...)
  if behind[table] then
    error(READONLY, 0)
  end
  expect_table(table, "insert")
  local count = select("#", ...)
  if count < 1 or count > 2 then
    error("wrong number of arguments to 'insert'", 2)
  end
  return insert(table, ...)
end

-- The collector works for all scripts: one of them may use it, and cannot stop or tune it for the others. What Lua
-- answers to these is what it was set to before.
function globals.collectgarbage(option, argument)
  if option == "stop" or option == "restart" then
    return 0
  elseif option == "setpause" or option == "setstepmul" then
    return 200
  end
  return collectgarbage(option, argument)
end

-- Errors --------------------------------------------------------------------------------------------------------------

-- A script that was killed ends, whatever it catches.
local function survive()
  local death = doors.death()
  if death then
    error({ err = "ERR " .. death }, 0)
  end
end

local function unveiled(problem)
  if type(problem) == "userdata" then
    return doors.unveil(problem)
  end
  return problem
end

local function caught(ok, problem, ...)
  if ok then
    return ok, problem, ...
  end
  survive()
  problem = unveiled(problem)
  -- What redis.call raises is a table; here it was a text before Redis 7, and scripts rely on it.
  local text = type(problem) == "table" and problem.err
  if type(text) == "string" or type(text) == "number" then
    return false, text
  end
  return false, problem, ...
end

function globals.pcall(...)
  return caught(pcall(...))
end

local function caught_as_it_is(ok, problem, ...)
  if not ok then
    survive()
    return ok, unveiled(problem), ...
  end
  return ok, problem, ...
end

function globals.xpcall(attempt, handle)
  return caught_as_it_is(xpcall(attempt, function(problem)
    -- The end of a killed script is raised where no instructions are counted, so a handler that loops would never end.
    survive()
    return handle(unveiled(problem))
  end))
end

function globals.coroutine.resume(...)
  return caught_as_it_is(resume(...))
end

-- The error table that Redis makes of a text: "-CODE message", or a message alone.
local function failure(text)
  if text:sub(1, 1) ~= "-" then
    return { err = "ERR " .. text }
  end
  local code, message = text:match("^%-([^ ]*) (.*)$")
  if not code then
    code, message = "ERR", text:sub(2)
  end
  return { err = code .. " " .. message:gsub("^[\r\n]+", ""):gsub("[\r\n]+$", "") }
end

local function raise(text)
  error(failure(text))
end

-- Called where the error happened, so that the place can be told.
local function explain(problem)
  local death = doors.death()
  if death then
    problem = { err = "ERR " .. death }
  else
    problem = unveiled(problem)
  end
  if type(problem) ~= "table" then
    problem = { err = "ERR " .. tostring(problem) }
  end
  local source, line = doors.where()
  if source and not behind[problem] then
    rawset(problem, "source", source)
    rawset(problem, "line", line)
  end
  return problem
end

globals.cjson, globals.cmsgpack = doors.cjson, doors.cmsgpack
globals.struct, globals.bit = doors.struct, doors.bit
globals.math.random, globals.math.randomseed = doors.random, doors.randomseed

-- Code from text ------------------------------------------------------------------------------------------------------

function globals.loadstring(text, name)
  if type(text) == "number" then
    text = tostring(text)
  elseif type(text) ~= "string" then
    complain(1, "loadstring", "string expected, got " .. type(text), 2)
  end
  return doors.compile(text, tostring(name or text))
end

function globals.load(reader, name)
  if type(reader) ~= "function" then
    complain(1, "load", "function expected, got " .. type(reader), 2)
  end
  -- Lua reads while it asks for more, so a reader that never ends is stopped by what makes no sense.
  local made, problem = load(reader, tostring(name or "=(load)"))
  if not made then
    survive()
    return nil, unveiled(problem)
  end
  return made
end

-- redis ---------------------------------------------------------------------------------------------------------------

local redis = {
  call = doors.call,
  pcall = doors.pcall,
  acl_check_cmd = doors.acl_check_cmd,
  sha1hex = doors.sha1hex,
  log = doors.log,
  setresp = doors.setresp,
  set_repl = doors.set_repl,
  LOG_DEBUG = 0,
  LOG_VERBOSE = 1,
  LOG_NOTICE = 2,
  LOG_WARNING = 3,
  REPL_NONE = 0,
  REPL_AOF = 1,
  REPL_SLAVE = 2,
  REPL_REPLICA = 2,
  REPL_ALL = 3,
  REDIS_VERSION = doors.version,
  REDIS_VERSION_NUM = doors.version_number,
}

function redis.error_reply(...)
  local text = ...
  if select("#", ...) ~= 1 or type(text) ~= "string" then
    return failure("wrong number or type of arguments")
  end
  return failure(text:sub(1, 1) == "-" and text or "-" .. text)
end

function redis.status_reply(...)
  local text = ...
  if select("#", ...) ~= 1 or type(text) ~= "string" then
    return failure("wrong number or type of arguments")
  end
  return { ok = text }
end

if not is_library then
  function redis.breakpoint()
    return false
  end

  function redis.debug() end

  function redis.replicate_commands()
    return true
  end
end

-- While a library is loaded ---------------------------------------------------------------------------------------------

local function read_flags(flags)
  local names = {}
  while true do
    local name = flags[#names + 1]
    if name == nil then
      return names
    elseif type(name) ~= "string" and type(name) ~= "number" then
      raise("unknown flag given")
    end
    names[#names + 1] = tostring(name)
  end
end

local function text_or_raise(value, problem)
  if type(value) ~= "string" and type(value) ~= "number" then
    raise(problem)
  end
  return tostring(value)
end

local function named(arguments)
  if type(arguments) ~= "table" then
    raise("calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).")
  end
  local name, description, callback, flags
  for key, value in next, arguments do
    if type(key) ~= "string" and type(key) ~= "number" then
      raise("named argument key given to redis.register_function is not a string")
    end
    key = tostring(key):lower()
    if key == "function_name" then
      name = text_or_raise(value, "function_name argument given to redis.register_function must be a string")
    elseif key == "description" then
      description = text_or_raise(value, "description argument given to redis.register_function must be a string")
    elseif key == "callback" then
      if type(value) ~= "function" then
        raise("callback argument given to redis.register_function must be a function")
      end
      callback = value
    elseif key == "flags" then
      if type(value) ~= "table" then
        raise("flags argument to redis.register_function must be a table representing function flags")
      end
      flags = read_flags(value)
    else
      raise("unknown argument given to redis.register_function")
    end
  end
  if not name then
    raise("redis.register_function must get a function name argument")
  elseif not callback then
    raise("redis.register_function must get a callback argument")
  end
  return name, callback, description, flags
end

local function positional(name, callback)
  name = text_or_raise(name, "first argument to redis.register_function must be a string")
  if type(callback) ~= "function" then
    raise("second argument to redis.register_function must be a function")
  end
  return name, callback
end

local function register_function(...)
  local count = select("#", ...)
  if count < 1 or count > 2 then
    raise("wrong number of arguments to redis.register_function")
  end
  local name, callback, description, flags
  if count == 1 then
    name, callback, description, flags = named(...)
  else
    name, callback = positional(...)
  end
  local problem = doors.register(name, callback, description, concat(flags or {}, ","))
  if problem then
    raise(problem)
  end
end

-- The doors are shut --------------------------------------------------------------------------------------------------

globals.redis = redis
-- Gone is what reaches files or other scripts. `newproxy` makes values with a finalizer, which would run in the middle of
-- somebody else's script; `getfenv` and `setfenv` reach the environment of functions that all scripts share.
for _, name in next, {
  "dofile", "loadfile", "print", "require", "module", "package", "io", "os", "debug", "newproxy", "getfenv", "setfenv",
} do
  globals[name] = nil
end
setmetatable(globals, { __index = missing })
seal_contents(globals)
local entrance = { __index = globals, __newindex = refuse }
setmetatable(environment, entrance)
string_metatable = seal({ __index = globals.string })

-- A library sees hardly anything while it is loaded; what its functions see when they are called is the same name.
local loading = { redis = { register_function = register_function, log = redis.log } }
for key, value in next, redis do
  if type(value) ~= "function" and not key:find("^REPL_") then
    loading.redis[key] = value
  end
end
setmetatable(loading.redis, { __index = missing })
setmetatable(loading, { __index = missing })
seal(loading)

local function load_library(chunk)
  entrance.__index = loading
  local ok, problem = xpcall(chunk, explain)
  entrance.__index = globals
  return ok, problem
end

local function run_script(script, keys, arguments)
  globals.KEYS, globals.ARGV = keys, arguments
  return xpcall(script, explain)
end

local function run_function(callback, keys, arguments)
  return xpcall(function()
    return callback(keys, arguments)
  end, explain)
end

return environment, is_library and run_function or run_script, load_library
