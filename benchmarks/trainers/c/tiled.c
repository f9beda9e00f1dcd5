// As batched.c, but in vectors, blocked by hand: tiles of sums stay in registers over the whole of an inner loop.
// Parameters come and go as in plain.c.

#include <math.h>
#include <string.h>

typedef double vector __attribute__((vector_size(32)));  // four doubles; the compiler splits or joins them as it must
typedef long long mask __attribute__((vector_size(32)));
#define LANES 4
#define ALIGNED __attribute__((aligned(64)))

// --- moons: [neuron][example] -------------------------------------------------------------------------------------

enum { I = 2, H = 16, N = 100, VECTORS = N / LANES, TILE = 5, PARAMETERS = H * (I + 1) + H * (H + 1) + H + 1 };

static vector x0[I][VECTORS] ALIGNED, a1[H][VECTORS] ALIGNED, a2[H][VECTORS] ALIGNED;
static vector d1[H][VECTORS] ALIGNED, d2[H][VECTORS] ALIGNED, d3[1][VECTORS] ALIGNED;

static inline vector where_positive(vector z, vector v) { return (vector)((z > 0) & (mask)v); }

static inline double total(vector v) { return (v[0] + v[1]) + (v[2] + v[3]); }

// out[j] = relu(sum_k w[j][k] in[k] + bias): two neurons by five vectors in registers.
static inline void layer(int in_size, const double *w, vector (*in)[VECTORS], vector (*out)[VECTORS]) {
    for (int j = 0; j < H; j += 2) {
        const double *u = w + j * (in_size + 1), *v = u + in_size + 1;
        for (int t = 0; t < VECTORS; t += TILE) {
            vector a[TILE], b[TILE];
            for (int i = 0; i < TILE; i++) a[i] = u[in_size] + (vector){0}, b[i] = v[in_size] + (vector){0};
            for (int k = 0; k < in_size; k++)
                for (int i = 0; i < TILE; i++) a[i] += u[k] * in[k][t + i], b[i] += v[k] * in[k][t + i];
            for (int i = 0; i < TILE; i++) out[j][t + i] = where_positive(a[i], a[i]), out[j + 1][t + i] = where_positive(b[i], b[i]);
        }
    }
}

// down[k] = sum_j w[j][k] up[j] where a[k] > 0.
static inline void back(int up_size, const double *w, vector (*up)[VECTORS], vector (*a)[VECTORS],
                        vector (*down)[VECTORS]) {
    for (int k = 0; k < H; k += 2)
        for (int t = 0; t < VECTORS; t += TILE) {
            vector s[TILE] = {0}, r[TILE] = {0};
            for (int j = 0; j < up_size; j++) {
                const double *u = w + j * (H + 1) + k;
                for (int i = 0; i < TILE; i++) s[i] += u[0] * up[j][t + i], r[i] += u[1] * up[j][t + i];
            }
            for (int i = 0; i < TILE; i++) {
                down[k][t + i] = where_positive(a[k][t + i], s[i]);
                down[k + 1][t + i] = where_positive(a[k + 1][t + i], r[i]);
            }
        }
}

// w[j][k] -= rate (sum_e up[j][e] in[k][e] + 2 l2 w[j][k]): a tile of sums over the examples at a time.
#define GRADIENT(NAME, ROWS, COLUMNS)                                                                                 \
    static inline void NAME(int outs, int ins, double *w, vector (*up)[VECTORS], vector (*in)[VECTORS], double rate, \
                            double l2) {                                                                              \
        for (int j = 0; j < outs; j += ROWS) {                                                                        \
            for (int k = 0; k < ins; k += COLUMNS) {                                                                  \
                vector s[ROWS][COLUMNS] = {0};                                                                        \
                for (int t = 0; t < VECTORS; t++)                                                                     \
                    for (int r = 0; r < ROWS; r++)                                                                    \
                        for (int c = 0; c < COLUMNS; c++) s[r][c] += up[j + r][t] * in[k + c][t];                     \
                for (int r = 0; r < ROWS; r++)                                                                        \
                    for (int c = 0; c < COLUMNS; c++) {                                                               \
                        double *p = w + (j + r) * (ins + 1) + k + c;                                                  \
                        *p -= rate * (total(s[r][c]) + 2 * l2 * *p);                                                  \
                    }                                                                                                 \
            }                                                                                                         \
            for (int r = 0; r < ROWS; r++) {                                                                          \
                vector s = {0};                                                                                       \
                for (int t = 0; t < VECTORS; t++) s += up[j + r][t];                                                  \
                double *bias = w + (j + r) * (ins + 1) + ins;                                                         \
                *bias -= rate * (total(s) + 2 * l2 * *bias);                                                          \
            }                                                                                                         \
        }                                                                                                             \
    }

GRADIENT(gradient_2, 4, 2)
GRADIENT(gradient_4, 2, 4)
GRADIENT(gradient_1, 1, 4)

void moons(double *p, const double *X, const double *Y, long n, long batch, long steps, double rate, double l2,
           double *losses) {
    double *W1 = p, *W2 = W1 + H * (I + 1), *W3 = W2 + H * (H + 1);
    const vector *y = (const vector *)Y;
    for (int e = 0; e < N; e++)
        for (int k = 0; k < I; k++) x0[k][e / LANES][e % LANES] = X[e * I + k];
    for (long step = 0; step < steps; step++) {
        vector loss = {0};
        double squares = 0;
        for (int i = 0; i < PARAMETERS; i++) squares += p[i] * p[i];
        layer(I, W1, x0, a1);
        layer(H, W2, a1, a2);
        for (int t = 0; t < VECTORS; t++) {
            vector s = W3[H] + (vector){0}, r = {0};
            for (int k = 0; k < H; k += 2) s += W3[k] * a2[k][t], r += W3[k + 1] * a2[k + 1][t];
            vector label;
            memcpy(&label, y + t, sizeof label);
            vector margin = 1 - label * (s + r);
            loss += where_positive(margin, margin);
            d3[0][t] = where_positive(margin, label * (-1.0 / N));
        }
        back(1, W3, d3, a2, d2);
        back(H, W2, d2, a1, d1);
        gradient_1(1, H, W3, d3, a2, rate, l2);
        gradient_4(H, H, W2, d2, a1, rate, l2);
        gradient_2(H, I, W1, d1, x0, rate, l2);
        losses[step] = total(loss) / N + l2 * squares;
    }
}

// --- digits: weights [pixel][neuron], the neurons padded to whole vectors --------------------------------------------

enum { PIXELS = 784, HIDDEN = 30, OUT = 10, BATCH = 10, WIDE = 32, PANEL = WIDE / LANES, HALF = PANEL / 2, PAIR = 2 };

static vector V1[PIXELS + 1][PANEL] ALIGNED;  // the last row is the biases
static vector z1[BATCH][PANEL] ALIGNED, e1[BATCH][PANEL] ALIGNED;

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

static void hidden(const double *x) {
    for (int half = 0; half < PANEL; half += HALF)
        for (int e = 0; e < BATCH; e += PAIR) {
            vector a[PAIR][HALF];
            for (int r = 0; r < PAIR; r++)
                for (int i = 0; i < HALF; i++) a[r][i] = V1[PIXELS][half + i];
            for (int k = 0; k < PIXELS; k++)
                for (int r = 0; r < PAIR; r++)
                    for (int i = 0; i < HALF; i++) a[r][i] += x[(e + r) * PIXELS + k] * V1[k][half + i];
            for (int r = 0; r < PAIR; r++)
                for (int i = 0; i < HALF; i++) z1[e + r][half + i] = a[r][i];
        }
}

static void update_hidden(const double *x) {
    for (int half = 0; half < PANEL; half += HALF)
        for (int k = 0; k < PIXELS; k += PAIR) {
            vector a[PAIR][HALF];
            for (int r = 0; r < PAIR; r++)
                for (int i = 0; i < HALF; i++) a[r][i] = V1[k + r][half + i];
            for (int e = 0; e < BATCH; e++)
                for (int r = 0; r < PAIR; r++)
                    for (int i = 0; i < HALF; i++) a[r][i] -= x[e * PIXELS + k + r] * e1[e][half + i];
            for (int r = 0; r < PAIR; r++)
                for (int i = 0; i < HALF; i++) V1[k + r][half + i] = a[r][i];
        }
    for (int e = 0; e < BATCH; e++)
        for (int i = 0; i < PANEL; i++) V1[PIXELS][i] -= e1[e][i];
}

void digits(double *p, const double *X, const double *Y, long n, long batch, long steps, double rate, double l2,
            double *losses) {
    double *W1 = p, *W2 = W1 + HIDDEN * (PIXELS + 1), *v = (double *)V1;
    for (int k = 0; k <= PIXELS; k++)
        for (int j = 0; j < HIDDEN; j++) v[k * WIDE + j] = W1[j * (PIXELS + 1) + k];
    for (long step = 0; step < steps; step++) {
        const double *x = X + step * BATCH % n * PIXELS, *y = Y + step * BATCH % n * OUT;
        double loss = 0, d2[BATCH][OUT];
        hidden(x);
        memset(e1, 0, sizeof e1);
        for (int e = 0; e < BATCH; e++) {
            double *a = (double *)z1[e], *d = (double *)e1[e];
            for (int j = 0; j < HIDDEN; j++) a[j] = sigmoid(a[j]);
            for (int j = 0; j < OUT; j++) {
                const double *w = W2 + j * (HIDDEN + 1);
                double z = w[HIDDEN];
                for (int k = 0; k < HIDDEN; k++) z += w[k] * a[k];
                double s = sigmoid(z), error = s - y[e * OUT + j];
                loss += error * error / 2;
                d2[e][j] = error * s * (1 - s) * (rate / BATCH);
                for (int k = 0; k < HIDDEN; k++) d[k] += d2[e][j] * w[k];
            }
            for (int k = 0; k < HIDDEN; k++) d[k] *= a[k] * (1 - a[k]);
        }
        for (int e = 0; e < BATCH; e++)
            for (int j = 0; j < OUT; j++) {
                double *w = W2 + j * (HIDDEN + 1), *a = (double *)z1[e];
                for (int k = 0; k < HIDDEN; k++) w[k] -= d2[e][j] * a[k];
                w[HIDDEN] -= d2[e][j];
            }
        update_hidden(x);
        losses[step] = loss / BATCH;
    }
    for (int k = 0; k <= PIXELS; k++)
        for (int j = 0; j < HIDDEN; j++) W1[j * (PIXELS + 1) + k] = v[k * WIDE + j];
}
