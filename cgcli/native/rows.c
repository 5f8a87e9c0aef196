/* The head of every library: a block of CG_ROWS rows lies with its rows side by side. */

#include <math.h>

#define ceil __builtin_ceil
#define copysign __builtin_copysign
#define fabs __builtin_fabs
#define floor __builtin_floor
#define rint __builtin_rint
#define sqrt __builtin_sqrt

#define CG_APART __attribute__((noinline))

typedef long long cg_long;

typedef void (*cg_kernel)(double *const *p, int n);

/* Raise a flag, which no compiler leaves out. */
static CG_APART void cg_fault(void) {
    volatile double none = 0.0;
    none = 1.0/none;
}

/* The sum of n numbers. */
static inline double cg_total(const double *x, int n) {
    double part[8] = {0};
    int r = 0;
    for (; r + 8 <= n; r += 8)
        for (int k = 0; k < 8; k++)
            part[k] += x[r + k];
    for (; r < n; r++)
        part[0] += x[r];
    return ((part[0] + part[4]) + (part[1] + part[5])) + ((part[2] + part[6]) + (part[3] + part[7]));
}

/* The sum of n products. */
static inline double cg_weighed(const double *x, const double *y, int n) {
    double part[8] = {0};
    int r = 0;
    for (; r + 8 <= n; r += 8)
        for (int k = 0; k < 8; k++)
            part[k] = __builtin_fma(x[r + k], y[r + k], part[k]);
    for (; r < n; r++)
        part[0] = __builtin_fma(x[r], y[r], part[0]);
    return ((part[0] + part[4]) + (part[1] + part[5])) + ((part[2] + part[6]) + (part[3] + part[7]));
}

/* m sums over k of w[i, k], the same for all rows, times x[k], of each row. */
static inline void cg_product(
    double *restrict o, int apart, const double *restrict w, int across, int along,
    const double *restrict x, int step, int m, int count
) {
    for (int i = 0; i < m; i++, w += across, o += CG_ROWS*apart) {
        const double *restrict y = x;
        for (int r = 0; r < CG_ROWS; r++)
            o[r] = 0.0;
        int k = 0;
        for (; k + 8 <= count; k += 8, y += 8*CG_ROWS*step) {
            double f[8];
            for (int j = 0; j < 8; j++)
                f[j] = w[(k + j)*along];
            for (int r = 0; r < CG_ROWS; r++) {
                double t = o[r];
                for (int j = 0; j < 8; j++)
                    t = __builtin_fma(f[j], y[j*step*CG_ROWS + r], t);
                o[r] = t;
            }
        }
        for (; k < count; k++, y += CG_ROWS*step)
            for (int r = 0; r < CG_ROWS; r++)
                o[r] = __builtin_fma(w[k*along], y[r], o[r]);
    }
}

/* m times l sums over the rows of a[i] times b[j]; `turned` has room for b, row by row. */
static inline void cg_gram(
    double *restrict o, const double *restrict a, int m,
    const double *restrict b, int l, double *restrict turned, int n
) {
    int wide = (l + 7)/8*8;
    for (int r = 0; r < n; r++) {
        for (int j = 0; j < l; j++)
            turned[r*wide + j] = b[j*CG_ROWS + r];
        for (int j = l; j < wide; j++)
            turned[r*wide + j] = 0.0;
    }
    for (int i = 0; i < m; i++, a += CG_ROWS)
        for (int j = 0; j < l; j += 64) {
            int span = wide - j < 64 ? wide - j : 64, r = 0;
            double part[64] = {0};
            for (; r + 8 <= n; r += 8)
                for (int c = 0; c < span; c += 8)
                    for (int k = 0; k < 8; k++) {
                        const double *restrict y = turned + r*wide + j + c + k;
                        double t = part[c + k];
                        for (int d = 0; d < 8; d++)
                            t = __builtin_fma(a[r + d], y[d*wide], t);
                        part[c + k] = t;
                    }
            for (; r < n; r++)
                for (int c = 0; c < span; c++)
                    part[c] = __builtin_fma(a[r], turned[r*wide + j + c], part[c]);
            for (int c = 0; c < span && j + c < l; c++)
                o[i*l + j + c] = part[c];
        }
}

/* The sums of what the rows of every label send, `apart` from one to the next; nan where a label
   names none of them. */
static inline void cg_tally(
    double *restrict o, int apart, int count,
    const double *restrict label, const double *restrict x, int n
) {
    int named = 1;
    for (int i = 0; i < count; i++)
        o[i*apart] = 0.0;
    for (int r = 0; r < n; r++) {
        double k = label[r];
        if (k >= 0 && k < count && k == floor(k))
            o[(int)k*apart] += x[r];
        else
            named = 0;
    }
    for (int i = 0; i < count && !named; i++)
        o[i*apart] = NAN;
}

/* m sums over k of w[i, k] times x[k], without rows. */
static inline void cg_multiply(
    double *restrict o, int apart, const double *restrict w, int across, int along,
    const double *restrict x, int step, int m, int count
) {
    if (along == 1 && step == 1) {
        for (int i = 0; i < m; i++)
            o[i*apart] = cg_weighed(w + i*across, x, count);
        return;
    }
    for (int i = 0; i < m; i++)
        o[i*apart] = 0.0;
    for (int k = 0; k < count; k++)
        for (int i = 0; i < m; i++)
            o[i*apart] = __builtin_fma(w[i*across + k*along], x[k*step], o[i*apart]);
}

/* Sums over k of w[i, k] times x[k, j], without rows: of some j a part of x is brought together. */
static inline void cg_matrix(
    double *restrict o, int apart, int beside, const double *restrict w, int across, int along,
    const double *restrict x, int step, int next, int m, int count, int l
) {
    double near[256*16];
    for (int j = 0; j < l; j += 16)
        for (int first = 0; first < count; first += 256) {
            int wide = l - j < 16 ? l - j : 16, end = count - first < 256 ? count - first : 256;
            for (int k = 0; k < end; k++)
                for (int c = 0; c < 16; c++)
                    near[k*16 + c] = c < wide ? x[(first + k)*step + (j + c)*next] : 0.0;
            for (int i = 0; i < m; i++) {
                const double *restrict y = w + i*across + first*along;
                double part[16] = {0};
                int k = 0;
                for (; k + 8 <= end; k += 8)
                    for (int c = 0; c < 16; c++) {
                        double t = 0, u = part[c];
                        for (int d = 0; d < 4; d++) {
                            t = __builtin_fma(y[(k + d)*along], near[(k + d)*16 + c], t);
                            u = __builtin_fma(y[(k + d + 4)*along], near[(k + d + 4)*16 + c], u);
                        }
                        part[c] = t + u;
                    }
                for (; k < end; k++)
#pragma GCC unroll 1
                    for (int c = 0; c < 16; c++)
                        part[c] = __builtin_fma(y[k*along], near[k*16 + c], part[c]);
                double *to = o + i*apart + j*beside;
                for (int c = 0; c < wide && first; c++)
                    part[c] += to[c*beside];
                if (beside == 1)
                    __builtin_memcpy(to, part, wide*sizeof *to);
                for (int c = 0; c < wide && beside != 1; c++)
                    to[c*beside] = part[c];
            }
        }
}
