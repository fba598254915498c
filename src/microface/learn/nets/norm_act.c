/* Batch norm and activation of a training step as one kernel, float32.

   Maps are [rows][channels], rows = pictures x height x width, the channel running fastest (channels last).
   y = min(cap, u < 0 ? slope * u : u) with u = scale * z + shift, scale = gamma / sqrt(variance + epsilon) and
   shift = beta - mean * scale: slope 0 is ReLU, slope 1 none, cap 6 ReLU6 (else infinity). Backwards u is computed
   anew from z, so that nothing else of the map's size is kept. Sums are float within BLOCK rows and double across. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define API __attribute__((visibility("default")))

enum { BLOCK = 128 };

typedef struct {
    int64_t rows, channels;
    float cap, epsilon;
    const float *gamma, *beta, *slopes; /* [channels] each */
    float *mean, *variance;             /* [channels] each; the variance is that of the batch, divided by rows */
    float *scale, *shift;               /* [channels] each */
    double *sums;                       /* [3][channels], work space */
    float *part;                        /* [3][channels], work space */
} Layer;

static int64_t end_of_block(int64_t row, int64_t rows) {
    return row + BLOCK < rows ? row + BLOCK : rows;
}

static void begin(double *sums, int64_t count) {
    memset(sums, 0, sizeof(double) * (size_t)count);
}

static void add_part(double *restrict sums, float *restrict part, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        sums[i] += part[i];
        part[i] = 0;
    }
}

/* Sums of z and of its square, both from the first row's values: no digits are lost where the mean is large. */
static void add_moments(const float *restrict z, const float *restrict origin, int64_t c, float *restrict part) {
    for (int64_t k = 0; k < c; k++) {
        float d = z[k] - origin[k];
        part[k] += d;
        part[c + k] += d * d;
    }
}

static void find_moments(const Layer *layer, const float *z) {
    int64_t c = layer->channels;
    begin(layer->sums, 2 * c);
    memset(layer->part, 0, sizeof(float) * 2 * (size_t)c);
    for (int64_t row = 0; row < layer->rows; row += BLOCK) {
        int64_t end = end_of_block(row, layer->rows);
        for (int64_t i = row; i < end; i++) {
            add_moments(z + i * c, z, c, layer->part);
        }
        add_part(layer->sums, layer->part, 2 * c);
    }
    for (int64_t k = 0; k < c; k++) {
        double offset = layer->sums[k] / (double)layer->rows;
        double variance = fmax(0, layer->sums[c + k] / (double)layer->rows - offset * offset);
        double scale = layer->gamma[k] / sqrt(variance + layer->epsilon), mean = z[k] + offset;
        layer->mean[k] = (float)mean;
        layer->variance[k] = (float)variance;
        layer->scale[k] = (float)scale;
        layer->shift[k] = (float)(layer->beta[k] - mean * scale);
    }
}

/* y from z with the scale and shift that are in `layer`: the activation alone where they are 1 and 0. */
API void act_forward(const Layer *layer, const float *restrict z, float *restrict y) {
    int64_t c = layer->channels;
    const float *restrict scale = layer->scale, *restrict shift = layer->shift, *restrict slopes = layer->slopes;
    float cap = layer->cap;
    for (int64_t i = 0; i < layer->rows * c; i += c) {
        for (int64_t k = 0; k < c; k++) {
            float u = z[i + k] * scale[k] + shift[k];
            float v = u < 0 ? u * slopes[k] : u;
            y[i + k] = v > cap ? cap : v;
        }
    }
}

API void norm_act_forward(const Layer *layer, const float *restrict z, float *restrict y) {
    find_moments(layer, z);
    act_forward(layer, z, y);
}

/* Sums of du, of du * (z - mean) and of dy * min(u, 0): the gradients of beta, gamma / deviation and slope. */
static void find_sums(const Layer *layer, const float *restrict dy, const float *restrict z) {
    int64_t c = layer->channels;
    const float *restrict scale = layer->scale, *restrict shift = layer->shift, *restrict slopes = layer->slopes;
    const float *restrict mean = layer->mean;
    float *restrict plain = layer->part, *restrict moment = plain + c, *restrict below = moment + c, cap = layer->cap;
    begin(layer->sums, 3 * c);
    memset(layer->part, 0, sizeof(float) * 3 * (size_t)c);
    for (int64_t row = 0; row < layer->rows; row += BLOCK) {
        int64_t end = end_of_block(row, layer->rows) * c;
        for (int64_t i = row * c; i < end; i += c) {
            for (int64_t k = 0; k < c; k++) {
                float u = z[i + k] * scale[k] + shift[k], d = dy[i + k];
                below[k] += u < 0 ? d * u : 0;
                d = u < 0 ? d * slopes[k] : d;
                d = u > cap ? 0 : d;
                plain[k] += d;
                moment[k] += d * (z[i + k] - mean[k]);
            }
        }
        add_part(layer->sums, layer->part, 3 * c);
    }
}

/* dz = du * scale - constant - z * linear; the latter two [channels] stand in `part`. */
static void find_dz(const Layer *layer, const float *restrict dy, const float *restrict z, float *restrict dz) {
    int64_t c = layer->channels;
    const float *restrict scale = layer->scale, *restrict shift = layer->shift, *restrict slopes = layer->slopes;
    const float *restrict constant = layer->part, *restrict linear = constant + c;
    float cap = layer->cap;
    for (int64_t i = 0; i < layer->rows * c; i += c) {
        for (int64_t k = 0; k < c; k++) {
            float u = z[i + k] * scale[k] + shift[k], d = dy[i + k];
            d = u < 0 ? d * slopes[k] : d;
            d = u > cap ? 0 : d;
            dz[i + k] = d * scale[k] - constant[k] - z[i + k] * linear[k];
        }
    }
}

/* gradients [3][channels]: of gamma, beta and slope; dz like z. */
API void norm_act_backward(const Layer *layer, const float *restrict dy, const float *restrict z,
                           float *restrict gradients, float *restrict dz) {
    int64_t c = layer->channels;
    const float *scale = layer->scale;
    float *constant = layer->part, *linear = constant + c;
    find_sums(layer, dy, z);
    for (int64_t k = 0; k < c; k++) {
        double precision = 1 / ((double)layer->variance[k] + layer->epsilon), rows = (double)layer->rows;
        double slope = scale[k] * layer->sums[c + k] * precision / rows;
        gradients[k] = (float)(layer->sums[c + k] * sqrt(precision));
        gradients[c + k] = (float)layer->sums[k];
        gradients[2 * c + k] = (float)layer->sums[2 * c + k];
        linear[k] = (float)slope;
        constant[k] = (float)(scale[k] * layer->sums[k] / rows - layer->mean[k] * slope);
    }
    find_dz(layer, dy, z, dz);
}

/* The same without the norm: only the slopes' gradient is of use, in the last of the three rows. */
API void act_backward(const Layer *layer, const float *restrict dy, const float *restrict z,
                      float *restrict gradients, float *restrict dz) {
    int64_t c = layer->channels;
    find_sums(layer, dy, z);
    for (int64_t k = 0; k < 3 * c; k++) {
        gradients[k] = (float)layer->sums[k];
        layer->part[k] = 0;
    }
    find_dz(layer, dy, z, dz);
}
