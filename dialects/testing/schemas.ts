// The messages of Seldon, of V2 and of TensorFlow Serving as protobufjs reads them, written here independently of the project's own .proto
// files.
import protobuf from 'protobufjs';

const V2 = `
  syntax = "proto3"; package t;
  message Param { oneof parameter_choice { bool bool_param = 1; int64 int64_param = 2; string string_param = 3; double double_param = 4;
    uint64 uint64_param = 5; } }
  message Request { string model_name = 1; string model_version = 2; string id = 3; map<string, Param> parameters = 4;
    repeated Tensor inputs = 5; repeated Asked outputs = 6; repeated bytes raw_input_contents = 7; }
  message Response { string model_name = 1; string model_version = 2; string id = 3; map<string, Param> parameters = 4;
    repeated Tensor outputs = 5; repeated bytes raw_output_contents = 6; }
  message Asked { string name = 1; }
  message Tensor { string name = 1; string datatype = 2; repeated int64 shape = 3; map<string, Param> parameters = 4;
    Contents contents = 5; }
  message Contents { repeated bool bool_contents = 1; repeated int32 int_contents = 2; repeated int64 int64_contents = 3;
    repeated uint32 uint_contents = 4; repeated uint64 uint64_contents = 5; repeated float fp32_contents = 6;
    repeated double fp64_contents = 7; repeated bytes bytes_contents = 8; }
`;
const TENSORFLOW = `
  syntax = "proto3"; package t;
  message Int64Value { int64 value = 1; }
  message ModelSpec { string name = 1; Int64Value version = 2; string signature_name = 3; string version_label = 4; }
  message PredictRequest { ModelSpec model_spec = 1; map<string, TensorProto> inputs = 2; repeated string output_filter = 3; }
  message PredictResponse { map<string, TensorProto> outputs = 1; ModelSpec model_spec = 2; }
  message Dim { int64 size = 1; string name = 2; }
  message Shape { repeated Dim dim = 2; bool unknown_rank = 3; }
  message TensorProto { int32 dtype = 1; Shape tensor_shape = 2; int32 version_number = 3; bytes tensor_content = 4;
    repeated float float_val = 5; repeated double double_val = 6; repeated int32 int_val = 7; repeated bytes string_val = 8;
    repeated int64 int64_val = 10; repeated bool bool_val = 11; repeated int32 half_val = 13; repeated uint32 uint32_val = 16;
    repeated uint64 uint64_val = 17; }
`;

const SELDON = `
  syntax = "proto3"; package t;
  message Message { Meta meta = 2; oneof data_oneof { Data data = 3; bytes binData = 4; string strData = 5; Value jsonData = 6; } }
  message Meta { string puid = 1; map<string, Value> tags = 2; map<string, int32> routing = 3; map<string, string> requestPath = 4; }
  message Data { repeated string names = 1; oneof data_oneof { Tensor tensor = 2; List ndarray = 3; } }
  message Tensor { repeated int32 shape = 1; repeated double values = 2; }
  message List { repeated Value values = 1; }
  message Value { oneof kind { int32 null_value = 1; double number_value = 2; string string_value = 3; bool bool_value = 4;
    List list_value = 6; } }
`;

export interface Schema {
  write(type: string, value: object): Buffer;
  read(type: string, bytes: Buffer): Record<string, unknown>;
}

function schema(text: string): Schema {
  const { root } = protobuf.parse(text, { keepCase: true });
  return {
    write(type, value) {
      const of = root.lookupType(`t.${type}`);
      return Buffer.from(of.encode(of.fromObject(value)).finish());
    },
    read(type, bytes) {
      const of = root.lookupType(`t.${type}`);
      const object = of.toObject(of.decode(bytes), { longs: String, bytes: String });
      return object as Record<string, unknown>;
    },
  };
}

export const SELDON_SCHEMA = schema(SELDON);
export const V2_SCHEMA = schema(V2);
export const TENSORFLOW_SCHEMA = schema(TENSORFLOW);
