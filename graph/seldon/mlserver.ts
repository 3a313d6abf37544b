// What MLServer-based images (protocol v2) are told beyond the rest: which runtime loads the model, under which version.
import type { Unit } from '../plan/deployment.ts';

const RUNTIMES: Readonly<Record<string, string>> = {
  HUGGINGFACE_SERVER: 'mlserver_huggingface.HuggingFaceRuntime',
  MLFLOW_SERVER: 'mlserver_mlflow.MLflowRuntime',
  SKLEARN_SERVER: 'mlserver_sklearn.SKLearnModel',
  TEMPO_SERVER: 'tempo.mlserver.InferenceRuntime',
  XGBOOST_SERVER: 'mlserver_xgboost.XGBoostModel',
};

/** Tempo's pipelines call their models inside of the cluster then. */
const TEMPO_OPTIONS = '{"k8s_options": {"defaultRuntime": "tempo.seldon.SeldonKubernetesRuntime"}}';

export function mlserverEnvironment(
  unit: Unit,
  protocol: string,
): Readonly<Record<string, string>> {
  const runtime = unit.server === undefined ? undefined : RUNTIMES[unit.server];
  if (runtime === undefined || (protocol !== 'v2' && protocol !== 'kfserving')) return {};
  return {
    MLSERVER_MODEL_IMPLEMENTATION: runtime,
    MLSERVER_MODEL_VERSION: 'v1',
    TEMPO_RUNTIME_OPTIONS: TEMPO_OPTIONS,
    ...(unit.server === 'HUGGINGFACE_SERVER'
      ? { MLSERVER_PARALLEL_WORKERS: '0', XDG_CACHE_HOME: '/opt/mlserver' }
      : {}),
  };
}
