// All examples of a step together, in static buffers; the innermost loops run over examples (moons) or over neurons
// (digits), and the compiler makes vectors of them. Parameters come and go as in plain.c.

#include <math.h>
#include <string.h>

// --- moons: [neuron][example] -------------------------------------------------------------------------------------

enum { I = 2, H = 16, N = 100, PARAMETERS = H * (I + 1) + H * (H + 1) + H + 1 };
static double x0[I][N], a1[H][N], a2[H][N], d1[H][N], d2[H][N], d3[N];
// out[j] = relu(sum_k w[j][k] in[k] + bias).
static inline void layer(int ins, const double *restrict w, double (*restrict in)[N], double (*restrict out)[N]) {
    for (int j = 0; j < H; j++) {
        for (int e = 0; e < N; e++) out[j][e] = w[j * (ins + 1) + ins];
        for (int k = 0; k < ins; k++)
            for (int e = 0; e < N; e++) out[j][e] += w[j * (ins + 1) + k] * in[k][e];
        for (int e = 0; e < N; e++) out[j][e] = out[j][e] > 0 ? out[j][e] : 0;
    }
}
// w[j][k] -= rate (sum_e up[j][e] in[k][e] + 2 l2 w[j][k]).
static inline void update(int ins, int outs, double *restrict w, double (*restrict up)[N], double (*restrict in)[N], double rate, double l2) {
    for (int j = 0; j < outs; j++) {
        double *p = w + j * (ins + 1);
        for (int k = 0; k < ins; k++) {
            double s = 0;
            for (int e = 0; e < N; e++) s += up[j][e] * in[k][e];
            p[k] -= rate * (s + 2 * l2 * p[k]);
        }
        double s = 0;
        for (int e = 0; e < N; e++) s += up[j][e];
        p[ins] -= rate * (s + 2 * l2 * p[ins]);
    }
}
void moons(double *p, const double *X, const double *Y, long n, long batch, long steps, double rate, double l2, double *losses) {
    double *W1 = p, *W2 = W1 + H * (I + 1), *W3 = W2 + H * (H + 1);
    for (int e = 0; e < N; e++) for (int k = 0; k < I; k++) x0[k][e] = X[e * I + k];
    for (long step = 0; step < steps; step++) {
        double squares = 0, loss = 0, score[N];
        for (int i = 0; i < PARAMETERS; i++) squares += p[i] * p[i];
        layer(I, W1, x0, a1);
        layer(H, W2, a1, a2);
        for (int e = 0; e < N; e++) score[e] = W3[H];
        for (int k = 0; k < H; k++) for (int e = 0; e < N; e++) score[e] += W3[k] * a2[k][e];
        for (int e = 0; e < N; e++) {
            double m = 1 - Y[e] * score[e];
            loss += m > 0 ? m : 0; d3[e] = m > 0 ? -Y[e] / N : 0;
        }
        for (int k = 0; k < H; k++) for (int e = 0; e < N; e++) d2[k][e] = a2[k][e] > 0 ? W3[k] * d3[e] : 0;
        memset(d1, 0, sizeof d1);
        for (int k = 0; k < H; k++) {
            for (int j = 0; j < H; j++) for (int e = 0; e < N; e++) d1[k][e] += W2[j * (H + 1) + k] * d2[j][e];
            for (int e = 0; e < N; e++) d1[k][e] = a1[k][e] > 0 ? d1[k][e] : 0;
        }
        update(H, 1, W3, &d3, a2, rate, l2);
        update(H, H, W2, d2, a1, rate, l2);
        update(I, H, W1, d1, x0, rate, l2);
        losses[step] = loss / N + l2 * squares;
    }
}

// --- digits: weights [pixel][neuron], the neurons padded to whole vectors --------------------------------------------

enum { PIXELS = 784, HIDDEN = 30, WIDE = 32, OUT = 10, BATCH = 10 };

static double V1[PIXELS + 1][WIDE];  // the last row is the biases
static double z1[BATCH][WIDE], e1[BATCH][WIDE];

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

static void hidden(const double *restrict x) {
    for (int e = 0; e < BATCH; e++) memcpy(z1[e], V1[PIXELS], sizeof z1[e]);
    for (int k = 0; k < PIXELS; k++)
        for (int e = 0; e < BATCH; e++)
            for (int j = 0; j < WIDE; j++) z1[e][j] += x[e * PIXELS + k] * V1[k][j];
}

static void update_hidden(const double *restrict x) {
    for (int k = 0; k < PIXELS; k++)
        for (int e = 0; e < BATCH; e++)
            for (int j = 0; j < WIDE; j++) V1[k][j] -= x[e * PIXELS + k] * e1[e][j];
    for (int e = 0; e < BATCH; e++)
        for (int j = 0; j < WIDE; j++) V1[PIXELS][j] -= e1[e][j];
}

void digits(double *p, const double *X, const double *Y, long n, long batch, long steps, double rate, double l2,
            double *losses) {
    double *W1 = p, *W2 = W1 + HIDDEN * (PIXELS + 1);
    for (int k = 0; k <= PIXELS; k++)
        for (int j = 0; j < HIDDEN; j++) V1[k][j] = W1[j * (PIXELS + 1) + k];
    for (long step = 0; step < steps; step++) {
        const double *x = X + step * BATCH % n * PIXELS, *y = Y + step * BATCH % n * OUT;
        double loss = 0, d2[BATCH][OUT];
        hidden(x);
        memset(e1, 0, sizeof e1);
        for (int e = 0; e < BATCH; e++) {
            double *a = z1[e], *d = e1[e];
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
                double *w = W2 + j * (HIDDEN + 1), *a = z1[e];
                for (int k = 0; k < HIDDEN; k++) w[k] -= d2[e][j] * a[k];
                w[HIDDEN] -= d2[e][j];
            }
        update_hidden(x);
        losses[step] = loss / BATCH;
    }
    for (int k = 0; k <= PIXELS; k++)
        for (int j = 0; j < HIDDEN; j++) W1[j * (PIXELS + 1) + k] = V1[k][j];
}
