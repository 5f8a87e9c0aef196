/* How kernels are run over the rows of a job: the same for all programs, and compiled once. */

/* It runs as fast with -O2, and is compiled in less time. */
#pragma GCC optimize ("O2")

#include <fenv.h>

#define CG_APART __attribute__((noinline))

typedef long long cg_long;

typedef void (*cg_kernel)(double *const *p, int n);

/* A job: its kernels and the rows of their blocks, which are a multiple of 8; its calls, a
   kernel and its arguments each, before the rows, over them and after; then columns, results
   by row, and sums. Of numbers by row a full block is read and written where the caller has
   it: `move` has the arguments that follow it, and `direct` says that nothing need be
   brought. */
struct cg_job {
    const cg_kernel *kernels;
    cg_long block, first, length, last, columns, outs, sums, moving;
    const cg_long *before;
    cg_long *calls;
    const cg_long *after;
    const struct { const void *from; cg_long size, truth, direct; double *to; } *column;
    const struct { const double *from; cg_long size, direct; double *to; } *out;
    const struct { const double *part; cg_long size; double *total; } *sum;
    const struct { cg_long place, home, array; } *move;
};

static void cg_call(const cg_kernel *kernels, const cg_long *call, cg_long length, int n) {
    for (const cg_long *end = call + length; call < end; call += 2 + call[1])
        kernels[call[0]]((double *const *)(call + 2), n);
}

static int cg_flagged(void) {
    return fetestexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW) != 0;
}

/* Bring a column's n rows from one on into a block; beyond them the last stands again. */
static CG_APART void cg_load(
    double *restrict to, cg_long block, const void *from, cg_long size, cg_long truth,
    cg_long start, const cg_long *order, int n
) {
    for (int first = 0; first < block; first += 8, to += 8) {
        cg_long row[8];
        for (int r = 0; r < 8; r++) {
            cg_long at = start + (first + r < n ? first + r : n - 1);
            row[r] = (order ? order[at] : at)*size;
        }
        /* Eight by eight a line of the cache is read and written as long as it is there. */
        for (cg_long k = 0; k < size && truth; k++)
            for (int r = 0; r < 8; r++)
                to[k*block + r] = ((const unsigned char *)from)[row[r] + k];
        for (cg_long k = 0; k < size && !truth; k++)
#pragma GCC unroll 8
            for (int r = 0; r < 8; r++)
                to[k*block + r] = ((const double *)from)[row[r] + k];
    }
}

/* Run the kernels over n rows from one on. */
static CG_APART void cg_block(
    const struct cg_job *job, cg_long start, const cg_long *order, int n
) {
    int full = n == job->block && !order;
    for (cg_long c = 0; c < job->columns; c++)
        if (!(full && job->column[c].direct))
            cg_load(
                job->column[c].to, job->block, job->column[c].from, job->column[c].size,
                job->column[c].truth, start, order, n
            );
    for (cg_long c = 0; c < job->moving; c++) {
        cg_long array = job->move[c].array + start*(cg_long)sizeof(double);
        job->calls[job->move[c].place] = full ? array : job->move[c].home;
    }
    cg_call(job->kernels, job->calls, job->length, n);
    for (cg_long c = 0; c < job->outs; c++) {
        cg_long size = job->out[c].size;
        double *to = job->out[c].to + start*size;
        if (!(full && job->out[c].direct))
            for (int r = 0; r < n; r++)
                for (cg_long k = 0; k < size; k++)
                    to[r*size + k] = job->out[c].from[k*job->block + r];
    }
}

/* Add numbers to others; in eights even -O2 takes several at once. */
static void cg_add(double *restrict to, const double *restrict from, cg_long size) {
    cg_long k = 0;
    for (; k + 8 <= size; k += 8)
        for (int j = 0; j < 8; j++)
            to[k + j] += from[k + j];
    for (; k < size; k++)
        to[k] += from[k];
}

/* Run a job over rows, and return how many blocks the processor flagged: those are not summed. */
cg_long cg_rows(const struct cg_job *job, cg_long count, const cg_long *order, unsigned char *bad) {
    cg_long flagged = 0;
    for (cg_long start = 0; start < count; start += job->block) {
        int n = (int)(count - start < job->block ? count - start : job->block);
        feclearexcept(FE_ALL_EXCEPT);
        cg_block(job, start, order, n);
        if (cg_flagged()) {
            bad[start/job->block] = 1;
            flagged++;
            continue;
        }
        for (cg_long c = 0; c < job->sums; c++)
            cg_add(job->sum[c].total, job->sum[c].part, job->sum[c].size);
    }
    return flagged;
}

/* Run all of a job; where something is flagged that is not of the rows, return -1. */
cg_long cg_turn(const struct cg_job *job, cg_long count, const cg_long *order, unsigned char *bad) {
    feclearexcept(FE_ALL_EXCEPT);
    cg_call(job->kernels, job->before, job->first, 0);
    if (cg_flagged())
        return -1;
    for (cg_long c = 0; c < job->sums; c++)
        __builtin_memset(job->sum[c].total, 0, job->sum[c].size*sizeof(double));
    cg_long flagged = cg_rows(job, count, order, bad);
    feclearexcept(FE_ALL_EXCEPT);
    cg_call(job->kernels, job->after, job->last, 0);
    return cg_flagged() ? -1 : flagged;
}
