// Field numbers of `seldon.protos` (and of the two foreign messages inside), as far as the filter looks into them.

/** SeldonMessage. */
export const MESSAGE = { status: 1, meta: 2, data: 3, binData: 4, strData: 5 } as const;
/** SeldonMessage's oneof: data, binData, strData, jsonData, customData. */
export function isMessageData(field: number): boolean {
  return field >= 3 && field <= 7;
}
/** DefaultData. */
export const DATA = { names: 1, tensor: 2, ndarray: 3, tftensor: 4 } as const;
export function isArrayData(field: number): boolean {
  return field >= 2 && field <= 4;
}
export const TENSOR = { shape: 1, values: 2 } as const;
/** tensorflow.TensorProto. */
export const TF_TENSOR = { intVal: 7 } as const;
/** google.protobuf.ListValue. */
export const LIST = { values: 1 } as const;
/** google.protobuf.Value. */
export const VALUE = { number: 2, text: 3, boolean: 4, list: 6 } as const;
export function isValueKind(field: number): boolean {
  return field >= 1 && field <= 6;
}
export const META = { puid: 1, tags: 2, routing: 3, metrics: 5 } as const;
export const METRIC = { key: 1, type: 2, value: 3 } as const;
/** An entry of any map. */
export const ENTRY = { key: 1, value: 2 } as const;
export const MESSAGE_LIST = { messages: 1 } as const;
export const FEEDBACK = { request: 1, response: 2, reward: 3 } as const;
/** SeldonModelMetadata, and the name in a request for it. */
export const MODEL_METADATA = { name: 1, platform: 3 } as const;
