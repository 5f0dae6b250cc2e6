import type { GraphNode } from './read-model.ts';

/** ONNX's own operators that an imported model may use: they make tensors of tensors, the same ones every time. */
const STANDARD = new Set(
  `Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization BitShift BitwiseAnd
  BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Celu Clip Compress Concat Constant ConstantOfShape Conv ConvInteger
  ConvTranspose Cos Cosh CumSum DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf
  Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater
  GreaterOrEqual GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf IsNaN
  LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization LpPool MatMul MatMulInteger Max
  MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul Neg NonZero Not OneHot Or PRelu Pad Pow QLinearConv
  QLinearMatMul QuantizeLinear RMSNormalization RNN Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp
  ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize Round ScatterElements ScatterND
  Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum
  Swish Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Where Xor`.split(/\s+/),
);
/** Operators of classical models. */
const MACHINE_LEARNING = new Set(
  `ArrayFeatureExtractor Binarizer FeatureVectorizer Imputer LinearClassifier LinearRegressor Normalizer OneHotEncoder
  SVMClassifier SVMRegressor Scaler TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor`.split(/\s+/),
);
export const MACHINE_LEARNING_DOMAIN = 'ai.onnx.ml';

/** Why some operators are refused; the rest are not known to be what a model of numbers needs. */
const REASONS: readonly (readonly [names: RegExp, why: string])[] = [
  [/^(If|Loop|Scan|SequenceMap)$/, 'control flow: how long it runs depends on the compound, without a bound'],
  [/^(Random\w+|Multinomial|Bernoulli)$/, 'it draws random numbers: the same compound would get other answers'],
  [/^(Sequence\w+|SplitToSequence|ConcatFromSequence|Optional\w*|ZipMap|DictVectorizer|CastMap)$/, 'it makes no tensor'],
  [/^(String\w+|Regex\w+|TfIdfVectorizer|LabelEncoder|CategoryMapper|ImageDecoder)$/, 'it reads texts or pictures'],
]; // biome-ignore format: one row for each reason

/** Why an operator cannot be in an imported model; null when it can. */
export function refusedOperator({ operation, domain }: GraphNode): string | null {
  const name = domain === '' ? operation : `${domain}.${operation}`;
  const taken = domain === '' ? STANDARD : domain === MACHINE_LEARNING_DOMAIN ? MACHINE_LEARNING : null;
  if (taken === null) {
    return `operator ${name} is of another domain than ONNX's own and ${MACHINE_LEARNING_DOMAIN}. Export without custom operators, and not optimized for one runtime`;
  }
  if (taken.has(operation)) return null;
  const why = REASONS.find(([names]) => names.test(operation))?.[1];
  return `operator ${name} is not taken${why ? `: ${why}` : ''}. Export the model without it`;
}
