/*
 * Training of small dense networks on sparse inputs, float32, one thread of WebAssembly SIMD. The loss is the caller's:
 * it reads the outputs of forward() and gives their slopes to backward().
 *
 * Every layer is one matrix, row-major [inputs + 1, outputs], last row the bias, with outputs a multiple of 4. What goes
 * into a layer is a list of entries (row of the matrix, value) that are not zero, for each compound of the batch:
 *
 *     first layer:  set bits, each 1 (or 1 / keep);  descriptors;  bias
 *     next layers:  units that are above zero and were not dropped, divided by keep;  bias
 *
 * so bits that are not set, units that are off and units that are dropped cost nothing, forward and backward. Sums are
 * taken in the order of the entries. No fused multiply-add and no relaxed SIMD: every machine gives the same bytes.
 */
#include <stdint.h>
#include <wasm_simd128.h>

/* Filled by the caller; sizes in elements. All arrays of `capacity` hold that many for each row of the batch. */
struct layer {
  uint32_t inputs, outputs, capacity;
  /* Entries are kept with probability keep_chance / 65536 in training, and divided by that. */
  uint32_t keep_chance;
  float *weights, *gradients, *first_moments, *second_moments, *averages;
  uint16_t *indexes; /* [batch, capacity] */
  float *values;     /* [batch, capacity] */
  uint32_t *counts;  /* [batch] */
  float *sums;       /* [batch, outputs]; backward() puts their slopes here */
};

/* Rows of the training set: row i has the bits bits[starts[i]] .. bits[starts[i + 1] - 1] and dense [dense_count]. */
struct data {
  uint32_t first_bits; /* inputs of the first layer that are bits; the others are dense */
  uint32_t dense_count;
  const uint32_t *starts;
  const uint16_t *bits;
  const float *dense;
};

/* Philox4x32-10: Salmon, Moraes, Dror, Shaw 2011, doi:10.1145/2063384.2063405. Eight draws of 16 bits. */
static void philox(uint32_t x0, uint32_t x1, uint32_t x2, uint32_t key0, uint32_t key1, uint16_t *out) {
  uint32_t x3 = 0;
  for (int round = 0; round < 10; round++, key0 += 0x9e3779b9, key1 += 0xbb67ae85) {
    uint64_t p0 = (uint64_t)x0 * 0xd2511f53, p1 = (uint64_t)x2 * 0xcd9e8d57;
    x0 = (uint32_t)(p1 >> 32) ^ x1 ^ key0;
    x1 = (uint32_t)p1;
    x2 = (uint32_t)(p0 >> 32) ^ x3 ^ key1;
    x3 = (uint32_t)p0;
  }
  uint32_t words[4] = {x0, x1, x2, x3};
  for (int i = 0; i < 4; i++) {
    out[2 * i] = (uint16_t)words[i];
    out[2 * i + 1] = (uint16_t)(words[i] >> 16);
  }
}

/* Draws for the entries of one (layer, row of the batch, step), eight at a time. */
struct draws {
  uint32_t layer_and_row, step, key0, key1, count;
  uint16_t words[8];
};

static uint32_t draw(struct draws *d) {
  uint32_t at = d->count++;
  if ((at & 7) == 0) philox(at >> 3, d->layer_and_row, d->step, d->key0, d->key1, d->words);
  return d->words[at & 7];
}

/* out[0 .. outputs) = sum over entries of value * weights[index] */
static void accumulate(const struct layer *l, const float *weights, long row, float *out) {
  const uint16_t *indexes = l->indexes + row * l->capacity;
  const float *values = l->values + row * l->capacity;
  long count = l->counts[row], outputs = l->outputs, from = 0;
  for (; from + 16 <= outputs; from += 16) {
    v128_t s0 = wasm_f32x4_const(0, 0, 0, 0), s1 = s0, s2 = s0, s3 = s0;
    for (long k = 0; k < count; k++) {
      const float *w = weights + indexes[k] * outputs + from;
      v128_t v = wasm_v128_load32_splat(values + k);
      s0 = wasm_f32x4_add(s0, wasm_f32x4_mul(v, wasm_v128_load(w)));
      s1 = wasm_f32x4_add(s1, wasm_f32x4_mul(v, wasm_v128_load(w + 4)));
      s2 = wasm_f32x4_add(s2, wasm_f32x4_mul(v, wasm_v128_load(w + 8)));
      s3 = wasm_f32x4_add(s3, wasm_f32x4_mul(v, wasm_v128_load(w + 12)));
    }
    wasm_v128_store(out + from, s0);
    wasm_v128_store(out + from + 4, s1);
    wasm_v128_store(out + from + 8, s2);
    wasm_v128_store(out + from + 12, s3);
  }
  for (; from < outputs; from += 4) {
    v128_t sum = wasm_f32x4_const(0, 0, 0, 0);
    for (long k = 0; k < count; k++) {
      v128_t w = wasm_v128_load(weights + indexes[k] * outputs + from);
      sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_v128_load32_splat(values + k), w));
    }
    wasm_v128_store(out + from, sum);
  }
}

/*
 * Sums of the last layer for a batch of rows, in its `sums`; averaged weights are used and nothing is dropped unless
 * `training` is not 0.
 */
__attribute__((export_name("forward"))) void forward(struct layer *layers, uint32_t layer_count, const struct data *data,
                                                     const uint32_t *rows, uint32_t row_count, uint32_t training,
                                                     uint32_t step, uint32_t key0, uint32_t key1) {
  for (uint32_t n = 0; n < layer_count; n++) {
    struct layer *l = layers + n;
    int drops = training && l->keep_chance < 65536;
    float scale = drops ? 65536.0f / (float)l->keep_chance : 1.0f;
    for (uint32_t b = 0; b < row_count; b++) {
      struct draws d = {.layer_and_row = n << 16 | b, .step = step, .key0 = key0, .key1 = key1, .count = 0};
      uint16_t *indexes = l->indexes + b * l->capacity;
      float *values = l->values + b * l->capacity;
      uint32_t count = 0;
      if (n == 0) {
        uint32_t row = rows[b];
        for (uint32_t at = data->starts[row]; at < data->starts[row + 1]; at++) {
          if (drops && draw(&d) >= l->keep_chance) continue;
          indexes[count] = data->bits[at];
          values[count++] = scale;
        }
        for (uint32_t k = 0; k < data->dense_count; k++) {
          indexes[count] = data->first_bits + k;
          values[count++] = data->dense[row * data->dense_count + k];
        }
      } else {
        const float *sums = layers[n - 1].sums + b * l->inputs;
        for (uint32_t k = 0; k < l->inputs; k++) {
          if (!(sums[k] > 0)) continue;
          if (drops && draw(&d) >= l->keep_chance) continue;
          indexes[count] = k;
          values[count++] = sums[k] * scale;
        }
      }
      indexes[count] = l->inputs;
      values[count++] = 1;
      l->counts[b] = count;
      accumulate(l, training ? l->weights : l->averages, b, l->sums + b * l->outputs);
    }
  }
}

static float dot(const float *a, const float *b, long count) {
  v128_t sum = wasm_f32x4_const(0, 0, 0, 0);
  for (long k = 0; k < count; k += 4)
    sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_v128_load(a + k), wasm_v128_load(b + k)));
  return (wasm_f32x4_extract_lane(sum, 0) + wasm_f32x4_extract_lane(sum, 1)) +
         (wasm_f32x4_extract_lane(sum, 2) + wasm_f32x4_extract_lane(sum, 3));
}

/*
 * Adds the batch's gradients, given the slopes of the loss by the last layer's sums in place of those sums. The batch is
 * the one of the last forward().
 */
__attribute__((export_name("backward"))) void backward(struct layer *layers, uint32_t layer_count, uint32_t row_count) {
  for (uint32_t n = layer_count; n-- > 0;) {
    struct layer *l = layers + n;
    float scale = l->keep_chance < 65536 ? 65536.0f / (float)l->keep_chance : 1.0f;
    long outputs = l->outputs;
    for (uint32_t b = 0; b < row_count; b++) {
      const uint16_t *indexes = l->indexes + b * l->capacity;
      const float *values = l->values + b * l->capacity;
      const float *slopes = l->sums + b * outputs;
      float *before = n ? layers[n - 1].sums + b * l->inputs : 0;
      for (uint32_t k = 0; n && k < l->inputs; k++) before[k] = 0;
      for (uint32_t k = 0; k < l->counts[b]; k++) {
        long index = indexes[k];
        float *gradient = l->gradients + index * outputs;
        v128_t v = wasm_v128_load32_splat(values + k);
        for (long j = 0; j < outputs; j += 4)
          wasm_v128_store(gradient + j, wasm_f32x4_add(wasm_v128_load(gradient + j),
                                                       wasm_f32x4_mul(v, wasm_v128_load(slopes + j))));
        if (n && index < (long)l->inputs) before[index] = scale * dot(l->weights + index * outputs, slopes, outputs);
      }
    }
  }
}

/*
 * One step of Adam with decoupled weight decay (Kingma & Ba 2015, arXiv:1412.6980; Loshchilov & Hutter 2019,
 * arXiv:1711.05101); biases do not decay. Gradients are cleared. first and second are 1 / (1 - beta^step); averages
 * follow the weights by the share `follow`.
 */
__attribute__((export_name("update"))) void update(struct layer *l, float rate, float decay, float first, float second,
                                                   float follow) {
  long rows = l->inputs + 1, outputs = l->outputs;
  for (long row = 0; row < rows; row++) {
    v128_t shrink = wasm_f32x4_splat(row < (long)l->inputs ? 1.0f - rate * decay : 1.0f);
    for (long at = row * outputs; at < (row + 1) * outputs; at += 4) {
      v128_t g = wasm_v128_load(l->gradients + at), w = wasm_v128_load(l->weights + at);
      v128_t m = wasm_v128_load(l->first_moments + at), v = wasm_v128_load(l->second_moments + at);
      m = wasm_f32x4_add(m, wasm_f32x4_mul(wasm_f32x4_splat(0.1f), wasm_f32x4_sub(g, m)));
      v = wasm_f32x4_add(v, wasm_f32x4_mul(wasm_f32x4_splat(0.001f), wasm_f32x4_sub(wasm_f32x4_mul(g, g), v)));
      v128_t root = wasm_f32x4_sqrt(wasm_f32x4_mul(v, wasm_f32x4_splat(second)));
      v128_t move = wasm_f32x4_div(wasm_f32x4_mul(m, wasm_f32x4_splat(rate * first)),
                                   wasm_f32x4_add(root, wasm_f32x4_splat(1e-8f)));
      w = wasm_f32x4_sub(wasm_f32x4_mul(w, shrink), move);
      v128_t a = wasm_v128_load(l->averages + at);
      a = wasm_f32x4_add(a, wasm_f32x4_mul(wasm_f32x4_splat(follow), wasm_f32x4_sub(w, a)));
      wasm_v128_store(l->gradients + at, wasm_f32x4_const(0, 0, 0, 0));
      wasm_v128_store(l->weights + at, w);
      wasm_v128_store(l->first_moments + at, m);
      wasm_v128_store(l->second_moments + at, v);
      wasm_v128_store(l->averages + at, a);
    }
  }
}
