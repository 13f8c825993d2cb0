-- What may be in a segment of a template besides text.
local PARAMETER, MANY, REST, REST_OR_NOTHING, INSIDE = 1, 2, 3, 4, 5

local function set(bytes)
  local found = {}
  for at = 1, #bytes do
    found[bytes:byte(at)] = true
  end
  return found
end

local raw, encoded = set(RAW), set(ENCODED)

-- The byte that an escape stands for; 0 where none begins here.
local function code(text, at)
  return tonumber(text:match("^%%(%x%x)", at) or "0", 16)
end

-- Where the character of a parameter that begins here ends; nil where it may not hold it.
local function past(text, at)
  if raw[text:byte(at)] then
    return at + 1
  end
  local byte = code(text, at)
  if byte == 0xE0 or byte == 0xF0 then
    -- UTF-8 that is longer than it has to be is something else to some.
    local second = code(text, at + 3)
    local least = byte == 0xE0 and 0xA0 or 0x90
    return second >= least and second <= 0xBF and at + 6 or nil
  end
  local wide = byte >= 0x80 and byte <= 0xBF or byte >= 0xC2 and byte <= 0xF4
  return (wide or encoded[byte]) and at + 3 or nil
end

local function is_parameter(text)
  local at, last = 1, #text
  if last == 0 or text:byte(1) == 46 then
    return false
  end
  while at <= last do
    at = past(text, at)
    if not at then
      return false
    end
  end
  return true
end

-- Whether text and parameters in turn make up a segment. From its end to its beginning: what
-- the pieces after this one take is known at every place.
local function is_mixed(pieces, text)
  local first, last = pieces[1], pieces[#pieces]
  if type(first) == "string" and text:sub(1, #first) ~= first
    or type(last) == "string" and text:sub(-#last) ~= last then
    return false
  end
  local size = #text
  local after = { [size + 1] = true }
  for number = #pieces, 1, -1 do
    local piece, takes = pieces[number], {}
    if type(piece) == "string" then
      for at = 1, size do
        takes[at] = after[at + #piece] and text:sub(at, at + #piece - 1) == piece
      end
    else
      local going_on = { [size + 1] = after[size + 1] }
      for at = size, 1, -1 do
        local next = past(text, at)
        local found = next and going_on[next]
        takes[at] = found and (piece == INSIDE or text:byte(at) ~= 46)
        going_on[at] = found or after[at]
      end
    end
    after = takes
  end
  return after[1] or false
end

local function is_single(segment, text, fits)
  if segment == PARAMETER then
    return fits
  elseif type(segment) == "string" then
    return segment == text
  end
  return is_mixed(segment, text)
end

-- Whether a template takes a path. `fits` says of each text whether it may be a parameter.
local function takes(template, texts, fits)
  local count = #template
  local last = template[count]
  local rest = last == REST or last == REST_OR_NOTHING
  if rest then
    count = count - 1
    if #texts < count + (last == REST and 1 or 0) then
      return false
    end
  elseif #texts ~= count then
    return false
  end
  for at = 1, count do
    if not is_single(template[at], texts[at], fits[at]) then
      return false
    end
  end
  if rest then
    for at = count + 1, #texts do
      if not fits[at] then
        return false
      end
    end
  end
  return true
end

-- The same of a template with several segments at an unknown place, from its end as above.
local function takes_many(template, texts, fits)
  local size = #texts
  local after = { [size + 1] = true }
  for number = #template, 1, -1 do
    local segment, found = template[number], {}
    if segment == REST_OR_NOTHING then
      found[size + 1] = true
    end
    for at = size, 1, -1 do
      if segment == MANY then
        found[at] = fits[at] and (after[at + 1] or found[at + 1])
      elseif segment == REST or segment == REST_OR_NOTHING then
        found[at] = fits[at] and (at == size or found[at + 1])
      else
        found[at] = after[at + 1] and is_single(segment, texts[at], fits[at])
      end
    end
    after = found
  end
  return after[1] or false
end

local by_method, allowed = {}, {}
for _, line in ipairs(LINES) do
  local own = { rule = line[1], template = line[3], takes = takes }
  for _, segment in ipairs(own.template) do
    if segment == MANY then
      own.takes = takes_many
    end
  end
  for method in line[2]:gmatch("%u+") do
    by_method[method] = by_method[method] or {}
    table.insert(by_method[method], own)
  end
end
for client, rules in pairs(CLIENTS) do
  allowed[client] = {}
  for _, rule in ipairs(rules) do
    allowed[client][rule] = true
  end
end
local public = {}
for _, rule in ipairs(PUBLIC) do
  public[rule] = true
end

local function split(path)
  local texts, from = {}, 2
  while from <= #path do
    local slash = path:find("/", from, true)
    table.insert(texts, path:sub(from, slash and slash - 1))
    if slash == #path then
      table.insert(texts, "")
    end
    from = slash and slash + 1 or #path + 1
  end
  return texts
end

-- The decision; `target` is the raw path with the query, as it was on the wire.
local function allows(client, method, target)
  local path = target:match("^[^?]*")
  local lines = by_method[method]
  if not lines or path:sub(1, 1) ~= "/" then
    return false
  end
  local texts, folded, fits = split(path), split(path:lower()), {}
  for at, text in ipairs(texts) do
    fits[at] = is_parameter(text)
  end
  for _, line in ipairs(lines) do
    if line.takes(line.template, line.rule and texts or folded, fits) then
      -- The first line that fits decides; one without a rule refuses other cases of its path.
      local own = type(client) == "string" and allowed[client]
      return line.rule and (public[line.rule] or own and own[line.rule]) or false
    end
  end
  return false
end

