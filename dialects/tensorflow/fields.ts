// Field numbers of `tensorflow.serving` and `tensorflow.TensorProto`, as far as we look into their messages.

export const PREDICT_REQUEST = { modelSpec: 1, inputs: 2, outputFilter: 3 } as const;
export const PREDICT_RESPONSE = { outputs: 1, modelSpec: 2 } as const;
export const MODEL_SPEC = { name: 1, version: 2, signatureName: 3, versionLabel: 4 } as const;
/** An entry of a map of tensors. */
export const ENTRY = { key: 1, value: 2 } as const;
export const TENSOR = {
  dtype: 1,
  shape: 2,
  content: 4,
  float: 5,
  double: 6,
  int: 7,
  string: 8,
  int64: 10,
  bool: 11,
  half: 13,
  uint32: 16,
  uint64: 17,
} as const;
export const SHAPE = { dim: 2, unknownRank: 3 } as const;
export const DIM = { size: 1 } as const;
/** Of request and response. */
export const GET_METADATA = { modelSpec: 1 } as const;
/** The request's model and the response's list. */
export const GET_STATUS = { modelSpec: 1, versionStatus: 1 } as const;
export const VERSION_STATUS = { state: 2 } as const;
