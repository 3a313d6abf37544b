// Names the model in gRPC messages that Envoy forwards alone: where a client leaves the name out, or gives that of another unit
// of the graph, the message is to name the unit that it goes to. A message may begin with any field, and of a field that
// comes twice the last one counts, so the name is put in front of what does not begin with one.
import { type EnvoyJson, typed } from '../json.ts';
import { MODEL_NAME_FILTER } from '../names.ts';

/** Off where no route switches it on. */
export function modelNameFilter(): EnvoyJson {
  return {
    name: MODEL_NAME_FILTER,
    disabled: true,
    typed_config: typed('envoy.extensions.filters.http.lua.v3.Lua'),
  };
}

/** For a route to one unit; `others` are the names of the graph's units that are not this one's. */
export function namesModel(field: number, model: string, others: readonly string[]): EnvoyJson {
  return {
    [MODEL_NAME_FILTER]: typed('envoy.config.route.v3.FilterConfig', {
      config: typed('envoy.extensions.filters.http.lua.v3.LuaPerRoute', {
        source_code: { inline_string: scriptOf(field, model, others) },
      }),
    }),
  };
}

/**
 * Every message of a stream is looked at where it begins, and no further: what follows passes unread. A beginning that comes in pieces is
 * held until it can be read, which is a name's length at most. `setBytes` makes a `content-length` of the piece's own length, and Envoy sends
 * it where the connection to the unit is not open yet: gRPC's C core, and with it MLServer and Triton, does not mind (seen on Envoy 1.40).
 */
function scriptOf(field: number, model: string, others: readonly string[]): string {
  const tag = field * 8 + 2;
  const entries = others.map((name) => `[${quote(Buffer.from(name))}]=true`).join(',');
  const bytes = Buffer.from(model);
  const named = Buffer.concat([Buffer.from([tag, ...lengthOf(bytes.length)]), bytes]);
  return `local NAMED = ${quote(named)}
local OTHERS = {${entries}}

-- The field that a message begins with: how long it is, and the name in it; 0 and nil where it is no name, nil where it is not all there.
-- The message is at first .. last, of which there is up to known.
local function leading(bytes, first, last, known)
  if last < first then return 0, nil end
  if known < first then return nil end
  if bytes:byte(first) ~= ${tag} then return 0, nil end
  if last < first + 1 then return 0, nil end
  if known < first + 1 then return nil end
  local length, after = bytes:byte(first + 1), first + 2
  if length >= 128 then
    if last < after then return 0, nil end
    if known < after then return nil end
    local high = bytes:byte(after)
    if high >= 128 then return 0, nil end
    length, after = length - 128 + high * 128, first + 3
  end
  local stop = after + length - 1
  if stop > last then return 0, nil end
  if stop > known then return nil end
  return stop - first + 1, bytes:sub(after, stop)
end

local function frame(length)
  return string.char(0, math.floor(length / 16777216) % 256,
    math.floor(length / 65536) % 256, math.floor(length / 256) % 256, length % 256)
end

function envoy_on_request(handle)
  local left, held = 0, ""
  for chunk in handle:bodyChunks() do
    local size = chunk:length()
    if left >= size then
      left = left - size
    else
      local bytes = held .. chunk:getBytes(0, size)
      local isChanged = held ~= ""
      local pieces, at, last = {}, 1, #bytes
      held = ""
      while at <= last do
        if left > 0 then
          local stop = math.min(at + left - 1, last)
          pieces[#pieces + 1] = bytes:sub(at, stop)
          left, at = left - (stop - at + 1), stop + 1
        else
          local taken, name, length
          if last >= at + 4 then
            local a, b, c, d = bytes:byte(at + 1, at + 4)
            length = ((a * 256 + b) * 256 + c) * 256 + d
            taken, name = leading(bytes, at + 5, at + 4 + length, last)
          end
          if taken == nil then
            held, isChanged = bytes:sub(at), true
            break
          end
          if bytes:byte(at) == 0 and (name == nil or name == "" or OTHERS[name]) then
            pieces[#pieces + 1] = frame(length + #NAMED - taken) .. NAMED
            left, at, isChanged = length - taken, at + 5 + taken, true
          else
            pieces[#pieces + 1] = bytes:sub(at, at + 4)
            left, at = length, at + 5
          end
        end
      end
      if isChanged then chunk:setBytes(table.concat(pieces)) end
    end
  end
end
`;
}

/** A string of Lua, byte by byte. */
function quote(bytes: Buffer): string {
  return `"${[...bytes].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
}

function lengthOf(length: number): number[] {
  return length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
}
