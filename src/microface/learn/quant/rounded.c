/* Rounding of values to 256 levels in a step of quantisation-aware training, and its gradients (LSQ), float32.

   Any dense map of `count` values. level = rint(x / scale) within low..high (that is -128..127 less the zero point),
   y = level * scale. A value within the range passes its gradient; the step's gradient is the sum of
   dy * (level - x / scale) there and of dy * level beyond. Sums are float in LANES x BLOCK values, double across. */
#include <math.h>
#include <stdint.h>

#define API __attribute__((visibility("default")))

enum { LANES = 16, BLOCK = 256 };

API void rounded_forward(const float *restrict x, int64_t count, float scale, float low, float high, float *restrict y) {
    float inverse = 1 / scale;
    for (int64_t i = 0; i < count; i++) {
        float level = rintf(x[i] * inverse);
        level = level < low ? low : level;
        level = level > high ? high : level;
        y[i] = level * scale;
    }
}

typedef struct {
    float inverse, low, high;
} Range;

/* Gradients of `n` values; each lane adds the step's share of its own ones. */
static void pass(Range range, const float *restrict x, const float *restrict dy, int64_t n, float *restrict dx,
                 float *restrict lanes) {
    for (int64_t i = 0; i < n; i++) {
        float real = x[i] * range.inverse, level = rintf(real);
        int below = real < range.low, above = real > range.high;
        level = below ? range.low : level;
        level = above ? range.high : level;
        int beyond = below | above;
        lanes[i] += dy[i] * (beyond ? level : level - real);
        dx[i] = beyond ? 0 : dy[i];
    }
}

API double rounded_backward(const float *restrict x, const float *restrict dy, int64_t count, float scale, float low,
                            float high, float *restrict dx) {
    Range range = {1 / scale, low, high};
    double sum = 0;
    for (int64_t start = 0; start < count; start += LANES * BLOCK) {
        float lanes[LANES] = {0};
        int64_t end = start + LANES * BLOCK < count ? start + LANES * BLOCK : count;
        for (int64_t i = start; i < end; i += LANES) {
            pass(range, x + i, dy + i, end - i < LANES ? end - i : LANES, dx + i, lanes);
        }
        for (int k = 0; k < LANES; k++) {
            sum += lanes[k];
        }
    }
    return sum;
}
