/* Steps of descent, by the job of a plan and a way to move; the formulas are those of Python. */

#include <math.h>

#define sqrt __builtin_sqrt

typedef long long cg_long;

struct cg_descent {
    cg_long numbers, batch, rows, taken, mean, decoupled, parts;
    double *theta, *gradient;
    const double *rates, *setting;
    double *const *memory;
    const struct { const double *from; cg_long size; double *to; } *part;
    const double *cost;
    double *count, *costs, *norms;
};

typedef cg_long (*cg_turning)(const void *, cg_long, const cg_long *, unsigned char *);

/* The sum of squares, in eight parts: one alone waits for every addition. */
static double cg_squares(const double *g, cg_long count) {
    double part[8] = {0};
    cg_long k = 0;
    for (; k + 8 <= count; k += 8)
        for (int j = 0; j < 8; j++)
            part[j] += g[k + j]*g[k + j];
    for (; k < count; k++)
        part[0] += g[k]*g[k];
    return ((part[0] + part[4]) + (part[1] + part[5])) + ((part[2] + part[6]) + (part[3] + part[7]));
}

#define EVERY for (cg_long k = 0, all = d->numbers; k < all; k++)
#define MOVE static __attribute__((noinline)) void cg_move( \
    const struct cg_descent *d, const double *s, double *restrict m, double *restrict v, \
    double *restrict w, double *restrict g, double rate, double count \
)

/* As many steps as are wanted, but for those that are not usual; returns how many they were. */
#define DESCENT \
cg_long cg_descend( \
    const struct cg_descent *d, cg_turning turn, const void *job, const cg_long *order, \
    unsigned char *bad, cg_long wanted, double limit, double decay \
) { \
    for (cg_long step = 0; step < wanted; step++) { \
        cg_long first = step*d->batch, left = d->rows - first; \
        cg_long n = left < d->batch ? left : d->batch; \
        double *w = d->theta, *g = d->gradient, rate = d->rates[step]; \
        *d->count = (double)n; \
        if (turn(job, n, order + first, bad)) \
            return step; \
        for (cg_long p = 0; p < d->parts; p++) \
            for (cg_long k = 0; k < d->part[p].size; k++) \
                d->part[p].to[k] = d->mean ? d->part[p].from[k]/n : d->part[p].from[k]; \
        double cost = d->mean ? *d->cost/n : *d->cost; \
        double square = cg_squares(g, d->numbers); \
        if (square - square != 0 || cost - cost != 0 || cost > limit) \
            return step; \
        d->costs[step] = cost; \
        d->norms[step] = sqrt(square); \
        if (d->decoupled) \
            EVERY w[k] *= 1 - rate*decay; \
        else if (decay != 0) \
            EVERY g[k] += decay*w[k]; \
        cg_move( \
            d, d->setting, d->memory[0], d->memory[1], w, g, rate, (double)(d->taken + step + 1) \
        ); \
    } \
    return wanted; \
}
