/*
 * The native yardstick: GFLOP/s of OpenBLAS's SGEMM on 2048³, one thread, the best of a few runs, on one
 * line for every run asked for. Build and run:
 *   gcc -O2 bench/openblas-peak.c -o openblas-peak -lopenblas
 *   OPENBLAS_NUM_THREADS=1 OPENBLAS_CORETYPE=Nehalem ./openblas-peak [runs]
 * Nehalem restricts it to SSE: 4 floats at a time without fused multiply-add, like WebAssembly.
 * CPU time, not wall time: other processes share the machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { order = 2048, rowMajor = 101, noTranspose = 111 };

void cblas_sgemm(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *,
                 int);

static double cpuSeconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static float *randomMatrix(void) {
  float *m = malloc(sizeof(float) * order * order);
  for (int i = 0; i < order * order; i++) m[i] = rand() / (float)RAND_MAX - 0.5f;
  return m;
}

int main(int count, char **arguments) {
  int runs = count > 1 ? atoi(arguments[1]) : 3;
  float *a = randomMatrix(), *b = randomMatrix(), *c = randomMatrix();
  /* The first run also starts the library. */
  for (int run = 0; run <= runs; run++) {
    double start = cpuSeconds();
    cblas_sgemm(rowMajor, noTranspose, noTranspose, order, order, order, 1, a, order, b, order, 0, c, order);
    double seconds = cpuSeconds() - start;
    if (run > 0) printf("%.2f\n", 2.0 * order * order * order / seconds / 1e9);
  }
  return 0;
}
