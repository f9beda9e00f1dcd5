// One example at a time, as one would write it down first. Rows of weights end with the bias; the parameters of all
// layers follow one another. Both functions train from the given parameters on, in place.

#include <math.h>
#include <string.h>

enum { I = 2, H = 16, PARAMETERS = H * (I + 1) + H * (H + 1) + H + 1 };

void moons(double *restrict p, const double *restrict X, const double *restrict Y, long n, long batch, long steps, double rate, double l2,
           double *losses) {
    double *W1 = p, *W2 = W1 + H * (I + 1), *W3 = W2 + H * (H + 1);
    double g[PARAMETERS], a1[H], a2[H], d1[H], d2[H];
    double *G1 = g, *G2 = G1 + H * (I + 1), *G3 = G2 + H * (H + 1);
    for (long step = 0; step < steps; step++) {
        double loss = 0;
        memset(g, 0, sizeof g);
        for (long e = 0; e < n; e++) {
            const double *x = X + e * I;
            for (int j = 0; j < H; j++) {
                double z = W1[j * (I + 1) + I];
                for (int k = 0; k < I; k++) z += W1[j * (I + 1) + k] * x[k];
                a1[j] = z > 0 ? z : 0;
            }
            for (int j = 0; j < H; j++) {
                double z = W2[j * (H + 1) + H];
                for (int k = 0; k < H; k++) z += W2[j * (H + 1) + k] * a1[k];
                a2[j] = z > 0 ? z : 0;
            }
            double score = W3[H];
            for (int k = 0; k < H; k++) score += W3[k] * a2[k];
            double margin = 1 - Y[e] * score, d3 = margin > 0 ? -Y[e] / n : 0;
            loss += margin > 0 ? margin : 0;
            for (int k = 0; k < H; k++) {
                G3[k] += d3 * a2[k];
                d2[k] = a2[k] > 0 ? d3 * W3[k] : 0;
            }
            G3[H] += d3;
            memset(d1, 0, sizeof d1);
            for (int j = 0; j < H; j++) {
                for (int k = 0; k < H; k++) {
                    G2[j * (H + 1) + k] += d2[j] * a1[k];
                    d1[k] += d2[j] * W2[j * (H + 1) + k];
                }
                G2[j * (H + 1) + H] += d2[j];
            }
            for (int j = 0; j < H; j++) {
                double d = a1[j] > 0 ? d1[j] : 0;
                for (int k = 0; k < I; k++) G1[j * (I + 1) + k] += d * x[k];
                G1[j * (I + 1) + I] += d;
            }
        }
        double squares = 0;
        for (int i = 0; i < PARAMETERS; i++) {
            squares += p[i] * p[i];
            p[i] -= rate * (g[i] + 2 * l2 * p[i]);
        }
        losses[step] = loss / n + l2 * squares;
    }
}

enum { PIXELS = 784, HIDDEN = 30, OUT = 10, WEIGHTS = HIDDEN * (PIXELS + 1) + OUT * (HIDDEN + 1) };

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

void digits(double *restrict p, const double *restrict X, const double *restrict Y, long n, long batch, long steps, double rate, double l2,
            double *losses) {
    static double g[WEIGHTS];
    double *W1 = p, *W2 = W1 + HIDDEN * (PIXELS + 1), *G1 = g, *G2 = G1 + HIDDEN * (PIXELS + 1);
    double a1[HIDDEN], a2[OUT], d1[HIDDEN];
    for (long step = 0; step < steps; step++) {
        double loss = 0;
        memset(g, 0, sizeof g);
        for (long e = step * batch % n; e < step * batch % n + batch; e++) {
            const double *x = X + e * PIXELS, *y = Y + e * OUT;
            for (int j = 0; j < HIDDEN; j++) {
                const double *w = W1 + j * (PIXELS + 1);
                double z = w[PIXELS];
                for (int k = 0; k < PIXELS; k++) z += w[k] * x[k];
                a1[j] = sigmoid(z);
            }
            memset(d1, 0, sizeof d1);
            for (int j = 0; j < OUT; j++) {
                const double *w = W2 + j * (HIDDEN + 1);
                double *G = G2 + j * (HIDDEN + 1), z = w[HIDDEN];
                for (int k = 0; k < HIDDEN; k++) z += w[k] * a1[k];
                a2[j] = sigmoid(z);
                double error = a2[j] - y[j], d = error * a2[j] * (1 - a2[j]);
                loss += error * error / 2;
                for (int k = 0; k < HIDDEN; k++) {
                    G[k] += d * a1[k];
                    d1[k] += d * w[k];
                }
                G[HIDDEN] += d;
            }
            for (int j = 0; j < HIDDEN; j++) {
                double d = d1[j] * a1[j] * (1 - a1[j]), *G = G1 + j * (PIXELS + 1);
                for (int k = 0; k < PIXELS; k++) G[k] += d * x[k];
                G[PIXELS] += d;
            }
        }
        for (int i = 0; i < WEIGHTS; i++) p[i] -= rate / batch * g[i];
        losses[step] = loss / batch;
    }
}
