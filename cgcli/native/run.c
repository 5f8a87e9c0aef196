/* A job: its calls, a kernel and its arguments each; then columns, results by row, and sums. Of
   numbers by row a full block is read and written where the caller has it: `moves` are the
   arguments that follow it, and `direct` says that nothing need be brought. */
struct cg_job {
    cg_long length, columns, outs, sums, moving;
    cg_long *calls;
    const struct { const void *from; cg_long size, truth, direct; double *to; } *column;
    const struct { const double *from; cg_long size, direct; double *to; } *out;
    const struct { const double *part; cg_long size; double *total; } *sum;
    const struct { cg_long place, home, array; } *move;
};

/* Bring a column's n rows from one on into a block; beyond them the last stands again. */
static void cg_load(
    double *restrict to, const void *from, cg_long size, cg_long truth,
    cg_long start, const cg_long *order, int n
) {
    for (int r = 0; r < n; r++) {
        cg_long row = (order ? order[start + r] : start + r)*size;
        if (truth)
            for (cg_long k = 0; k < size; k++)
                to[k*CG_ROWS + r] = ((const unsigned char *)from)[row + k];
        else
            for (cg_long k = 0; k < size; k++)
                to[k*CG_ROWS + r] = ((const double *)from)[row + k];
    }
    for (cg_long k = 0; k < size; k++)
        for (int r = n; r < CG_ROWS; r++)
            to[k*CG_ROWS + r] = to[k*CG_ROWS + n - 1];
}

/* Run the kernels over n rows from one on. */
static CG_APART void cg_block(
    const struct cg_job *job, cg_long start, const cg_long *order, int n
) {
    int full = n == CG_ROWS && !order;
    for (cg_long c = 0; c < job->columns; c++)
        if (!(full && job->column[c].direct))
            cg_load(
                job->column[c].to, job->column[c].from, job->column[c].size,
                job->column[c].truth, start, order, n
            );
    for (cg_long c = 0; c < job->moving; c++) {
        cg_long array = job->move[c].array + start*(cg_long)sizeof(double);
        job->calls[job->move[c].place] = full ? array : job->move[c].home;
    }
    const cg_long *call = job->calls;
    for (const cg_long *end = call + job->length; call < end; call += 2 + call[1])
        cg_kernels[call[0]]((double *const *)(call + 2), n);
    for (cg_long c = 0; c < job->outs; c++) {
        cg_long size = job->out[c].size;
        double *to = job->out[c].to + start*size;
        if (!(full && job->out[c].direct))
            for (int r = 0; r < n; r++)
                for (cg_long k = 0; k < size; k++)
                    to[r*size + k] = job->out[c].from[k*CG_ROWS + r];
    }
}

/* Run a job over rows, and return how many blocks the processor flagged: those are not summed. */
cg_long cg_rows(const struct cg_job *job, cg_long count, const cg_long *order, unsigned char *bad) {
    cg_long flagged = 0;
    for (cg_long start = 0; start < count; start += CG_ROWS) {
        int n = count - start < CG_ROWS ? (int)(count - start) : CG_ROWS;
        feclearexcept(FE_ALL_EXCEPT);
        cg_block(job, start, order, n);
        if (fetestexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW)) {
            bad[start/CG_ROWS] = 1;
            flagged++;
            continue;
        }
        for (cg_long c = 0; c < job->sums; c++)
            for (cg_long k = 0; k < job->sum[c].size; k++)
                job->sum[c].total[k] += job->sum[c].part[k];
    }
    return flagged;
}
