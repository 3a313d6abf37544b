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

/** Only the first piece of a body is looked at: it holds the frame and the name of any client that is not out to be odd. */
function scriptOf(field: number, model: string, others: readonly string[]): string {
  const tag = field * 8 + 2;
  const entries = others.map((name) => `[${quote(Buffer.from(name))}]=true`).join(',');
  const bytes = Buffer.from(model);
  const named = Buffer.concat([Buffer.from([tag, ...lengthOf(bytes.length)]), bytes]);
  return `local NAMED = ${quote(named)}
local OTHERS = {${entries}}

-- The field that a message begins with, and what it says; nil where that is no name.
local function leading(bytes)
  if bytes:byte(6) ~= ${tag} then return 0, nil end
  local length, after = bytes:byte(7), 8
  if length == nil then return 0, nil end
  if length >= 128 then
    local high = bytes:byte(8)
    if high == nil or high >= 128 then return 0, nil end
    length, after = length - 128 + high * 128, 9
  end
  return after - 6 + length, bytes:sub(after, after + length - 1)
end

function envoy_on_request(handle)
  local isFirst = true
  for chunk in handle:bodyChunks() do
    local size = chunk:length()
    if isFirst and size >= 5 then
      local bytes = chunk:getBytes(0, size)
      local taken, name = leading(bytes)
      if bytes:byte(1) == 0 and (name == nil or OTHERS[name]) then
        local a, b, c, d = bytes:byte(2, 5)
        local length = ((a * 256 + b) * 256 + c) * 256 + d + #NAMED - taken
        local frame = string.char(0, math.floor(length / 16777216) % 256,
          math.floor(length / 65536) % 256, math.floor(length / 256) % 256, length % 256)
        chunk:setBytes(frame .. NAMED .. bytes:sub(6 + taken))
      end
    end
    if size > 0 then isFirst = false end
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
