/*
 * Yardstick for bench/nearest.bench.ts: exact top-k Tanimoto search, bit-sliced as the kernel of the engine is, with
 * 512-bit registers. Only the bench compiles it (cc -O3 -march=native); nothing of the engine uses it.
 *
 *     yardstick REFERENCES QUERIES      raw rows of 256 bytes each
 *
 * It answers one line of standard input at a time: `K BATCH OUTPUT` searches all queries on one thread, BATCH queries
 * passing over a block while it is in cache (1: each query by itself), prints wall and CPU seconds, and writes row,
 * shared bits and union of each hit as uint32 [queries][K][3].
 *
 * References are sorted by set bits and cut into blocks of 512, transposed: one row of 64 bytes for each bit, and a
 * row of zeros. All set bits of a query are counted, through carry-save adders into eight vertical counters (so a
 * query has at most 255 bits); lanes that reach what the k-th best asks for are unpacked.
 */
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BITS 2048
#define WORDS (BITS / 64)
#define BLOCK 512
#define PLANES 8
#define MOST_BITS 255
#define ROWS (BITS + 1)

typedef __m512i V;
typedef struct {
  uint32_t row, shared, all;
} Hit;
typedef struct {
  uint32_t number, popcount, steps, found;
  uint32_t rows[MOST_BITS + 8];
  Hit *hits; /* best first */
} Query;

static uint32_t referenceCount, queryCount, blockCount;
static V *blocks; /* [blockCount][ROWS] */
static uint16_t *popcounts;
static uint32_t *originals;
static Query *queries;

static void stop(const char *why) {
  fprintf(stderr, "yardstick: %s\n", why);
  exit(1);
}

static uint64_t *read_rows(const char *path, uint32_t *count) {
  FILE *file = fopen(path, "rb");
  if (!file) stop("a file cannot be opened");
  fseek(file, 0, SEEK_END);
  *count = (uint32_t)(ftell(file) / (BITS / 8));
  rewind(file);
  uint64_t *rows = malloc((size_t)*count * BITS / 8);
  if (!rows || fread(rows, BITS / 8, *count, file) != *count) stop("a file cannot be read");
  fclose(file);
  return rows;
}

static uint32_t count_bits(const uint64_t *row) {
  uint32_t bits = 0;
  for (int w = 0; w < WORDS; w++) bits += (uint32_t)__builtin_popcountll(row[w]);
  return bits;
}

static void build(const uint64_t *rows) {
  uint32_t starts[BITS + 2] = {0};
  for (uint32_t i = 0; i < referenceCount; i++) starts[count_bits(rows + (size_t)i * WORDS) + 1]++;
  for (int b = 0; b <= BITS; b++) starts[b + 1] += starts[b];
  blockCount = (referenceCount + BLOCK - 1) / BLOCK;
  size_t bytes = (size_t)blockCount * ROWS * sizeof(V);
  blocks = aligned_alloc(64, bytes);
  popcounts = malloc(referenceCount * sizeof *popcounts);
  originals = malloc(referenceCount * sizeof *originals);
  if (!blocks || !popcounts || !originals) stop("out of memory");
  memset(blocks, 0, bytes);
  for (uint32_t i = 0; i < referenceCount; i++) {
    const uint64_t *row = rows + (size_t)i * WORDS;
    uint32_t bits = count_bits(row), at = starts[bits]++;
    popcounts[at] = (uint16_t)bits;
    originals[at] = i;
    uint8_t *block = (uint8_t *)(blocks + (size_t)(at / BLOCK) * ROWS);
    for (int w = 0; w < WORDS; w++)
      for (uint64_t left = row[w]; left; left &= left - 1)
        block[(size_t)(w * 64 + __builtin_ctzll(left)) * 64 + at % BLOCK / 8] |= (uint8_t)(1 << at % 8);
  }
}

static int by_popcount(const void *x, const void *y) {
  const Query *a = x, *b = y;
  return a->popcount != b->popcount ? (a->popcount < b->popcount ? -1 : 1) : a->number < b->number ? -1 : 1;
}

static void prepare(const uint64_t *rows) {
  queries = calloc(queryCount, sizeof *queries);
  if (!queries) stop("out of memory");
  for (uint32_t i = 0; i < queryCount; i++) {
    const uint64_t *row = rows + (size_t)i * WORDS;
    Query *q = queries + i;
    q->number = i;
    if (count_bits(row) > MOST_BITS) stop("a query has more than 255 bits");
    for (int w = 0; w < WORDS; w++)
      for (uint64_t left = row[w]; left; left &= left - 1)
        q->rows[q->popcount++] = (uint32_t)(w * 64 + __builtin_ctzll(left));
    q->steps = (q->popcount + 7) / 8;
    for (uint32_t k = q->popcount; k < q->steps * 8; k++) q->rows[k] = BITS;
  }
  qsort(queries, queryCount, sizeof *queries, by_popcount);
}

/* high, low = two bits of x + y + low */
#define ADD3(high, low, x, y)                              \
  {                                                        \
    V x_ = x, y_ = y, in_ = low;                           \
    high = _mm512_ternarylogic_epi64(x_, y_, in_, 0xe8);   \
    low = _mm512_ternarylogic_epi64(x_, y_, in_, 0x96);    \
  }

/* Lanes with at least `least` shared bits; their counters are left in `p`. */
static inline V count_shared(const V *block, const Query *q, uint32_t least, V p[PLANES]) {
  for (int i = 0; i < PLANES; i++) p[i] = _mm512_setzero_si512();
  const uint32_t *row = q->rows;
  for (uint32_t step = q->steps; step; step--, row += 8) {
    V two_a, two_b, four_a, four_b, carry;
    ADD3(two_a, p[0], block[row[0]], block[row[1]])
    ADD3(two_b, p[0], block[row[2]], block[row[3]])
    ADD3(four_a, p[1], two_a, two_b)
    ADD3(two_a, p[0], block[row[4]], block[row[5]])
    ADD3(two_b, p[0], block[row[6]], block[row[7]])
    ADD3(four_b, p[1], two_a, two_b)
    ADD3(carry, p[2], four_a, four_b)
    for (int i = 3; i < PLANES; i++) {
      V out = _mm512_and_si512(p[i], carry);
      p[i] = _mm512_xor_si512(p[i], carry);
      carry = out;
    }
  }
  V more = _mm512_setzero_si512(), equal = _mm512_set1_epi64(-1);
  for (int i = PLANES - 1; i >= 0; i--) {
    if (least >> i & 1) equal = _mm512_and_si512(equal, p[i]);
    else {
      more = _mm512_or_si512(more, _mm512_and_si512(equal, p[i]));
      equal = _mm512_andnot_si512(p[i], equal);
    }
  }
  return _mm512_or_si512(more, equal);
}

static inline int comes_before(const Hit *x, const Hit *y) {
  uint64_t left = (uint64_t)x->shared * y->all, right = (uint64_t)y->shared * x->all;
  return left != right ? left > right : x->row < y->row;
}

static void offer(Query *q, uint32_t k, Hit hit) {
  if (q->found == k && !comes_before(&hit, q->hits + k - 1)) return;
  uint32_t at = q->found < k ? q->found++ : k - 1;
  for (; at > 0 && comes_before(&hit, q->hits + at - 1); at--) q->hits[at] = q->hits[at - 1];
  q->hits[at] = hit;
}

static void search_block(uint32_t b, Query *q, uint32_t k) {
  uint32_t first = b * BLOCK, last = first + BLOCK < referenceCount ? first + BLOCK - 1 : referenceCount - 1;
  uint32_t lo = popcounts[first], hi = popcounts[last], a = q->popcount, least = 0;
  if (q->found == k) {
    Hit worst = q->hits[k - 1];
    uint32_t closest = a < lo ? lo : a > hi ? hi : a;
    uint32_t few = a < closest ? a : closest, many = a < closest ? closest : a;
    if ((uint64_t)few * worst.all < (uint64_t)worst.shared * many) return;
    uint32_t whole = worst.all + worst.shared;
    least = (worst.shared * (a + lo) + whole - 1) / whole;
  }
  V planes[PLANES];
  V alive = count_shared(blocks + (size_t)b * ROWS, q, least, planes);
  if (!_mm512_test_epi64_mask(alive, alive)) return;
  uint64_t lanes[8], counters[PLANES][8];
  _mm512_storeu_si512(lanes, alive);
  for (int i = 0; i < PLANES; i++) _mm512_storeu_si512(counters[i], planes[i]);
  for (uint32_t w = 0; w < 8; w++)
    for (uint64_t left = lanes[w]; left; left &= left - 1) {
      uint32_t lane = (uint32_t)__builtin_ctzll(left), at = first + 64 * w + lane, shared = 0;
      if (at > last) return;
      for (int i = 0; i < PLANES; i++) shared |= (uint32_t)(counters[i][w] >> lane & 1) << i;
      offer(q, k, (Hit){originals[at], shared, a + popcounts[at] - shared});
    }
}

static void search(uint32_t k, uint32_t batch) {
  for (uint32_t from = 0; from < queryCount; from += batch) {
    uint32_t to = from + batch < queryCount ? from + batch : queryCount;
    int middle = (int)queries[(from + to) / 2].popcount;
    /* Outwards from the batch's own number of bits, where the similar references are. */
    uint32_t up = 0;
    while (up < blockCount && popcounts[up * BLOCK] < middle) up++;
    for (uint32_t down = up; down > 0 || up < blockCount;) {
      int below = down > 0 ? middle - popcounts[down * BLOCK - 1] : BITS + 1;
      int above = up < blockCount ? popcounts[up * BLOCK] - middle : BITS + 1;
      uint32_t b = above < below ? up++ : --down;
      for (uint32_t i = from; i < to; i++) search_block(b, queries + i, k);
    }
  }
}

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void write_hits(const char *path, uint32_t k) {
  uint32_t *out = calloc((size_t)queryCount * k, sizeof(Hit));
  if (!out) stop("out of memory");
  for (uint32_t i = 0; i < queryCount; i++)
    memcpy(out + (size_t)queries[i].number * k * 3, queries[i].hits, queries[i].found * sizeof(Hit));
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(out, sizeof(Hit), (size_t)queryCount * k, file) != (size_t)queryCount * k || fclose(file))
    stop("the output cannot be written");
  free(out);
}

int main(int count, char **arguments) {
  if (count != 3) stop("give the files of references and of queries");
  uint64_t *rows = read_rows(arguments[1], &referenceCount);
  double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
  build(rows);
  double built = seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
  free(rows);
  rows = read_rows(arguments[2], &queryCount);
  prepare(rows);
  free(rows);
  printf("{\"buildCpuSeconds\": %.6f}\n", built);
  fflush(stdout);
  uint32_t k, batch;
  char path[4096];
  while (scanf("%u %u %4095s", &k, &batch, path) == 3) {
    Hit *room = malloc((size_t)queryCount * k * sizeof(Hit));
    if (!room) stop("out of memory");
    for (uint32_t i = 0; i < queryCount; i++) {
      queries[i].found = 0;
      queries[i].hits = room + (size_t)i * k;
    }
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    search(k, batch);
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    write_hits(path, k);
    free(room);
    printf("{\"wallSeconds\": %.6f, \"cpuSeconds\": %.6f}\n", wall, cpu);
    fflush(stdout);
  }
  return 0;
}
