/* The functions of one number that vectorise: no branch, no table, no call. Within 1 to 2.5 ulp. */
/* What is added to a number takes its digits behind the point. */
static const double CG_ROUND = 0x1.8p52;

static inline double cg_fma(double a, double b, double c) { return __builtin_fma(a, b, c); }

static inline long long cg_bits(double x) {
    union { double number; long long bits; } u = {x};
    return u.bits;
}

static inline double cg_double(long long bits) {
    union { long long bits; double number; } u = {bits};
    return u.number;
}

/* 2^k as a number, for -1023 < k < 1024. */
static inline double cg_power_of_two(long long k) { return cg_double((k + 1023) << 52); }

/* exp(r) - 1 - r for |r| < 0.35. Pairs of terms wait for one another less than a chain of them. */
static inline double cg_exp_tail(double r) {
    double z = r*r, y = z*z;
    double a = cg_fma(r, 0x1.5555555555555p-3, 0.5);
    double b = cg_fma(r, 0x1.1111111111111p-7, 0x1.5555555555555p-5);
    double c = cg_fma(r, 0x1.a01a01a01a01ap-13, 0x1.6c16c16c16c17p-10);
    double d = cg_fma(r, 0x1.71de3a556c734p-19, 0x1.a01a01a01a01ap-16);
    double e = cg_fma(r, 0x1.ae64567f544e4p-26, 0x1.27e4fb7789f5cp-22);
    double f = cg_fma(r, 0x1.6124613a86d09p-33, 0x1.1eed8eff8d898p-29);
    return z*cg_fma(y, cg_fma(y, cg_fma(z, f, e), cg_fma(z, d, c)), cg_fma(z, b, a));
}

/* p with exp(x) = (1 + p)*s*t: 2^n in two factors, of which one is exact, and the other rounds once,
   and flags. */
static inline double cg_scaled(double x, double *s, double *t) {
    x = x < -740.0 ? -740.0 : x;
    x = x > 730.0 ? 730.0 : x;
    double turned = cg_fma(x, 0x1.71547652b82fep0, CG_ROUND), n = turned - CG_ROUND;
    double high = cg_fma(n, -0x1.62e42fefa39efp-1, x), r = cg_fma(n, -0x1.abc9e3b39803fp-56, high);
    double half = cg_fma(n, 0.5, CG_ROUND);
    long long k = cg_bits(half) - cg_bits(CG_ROUND), m = cg_bits(turned) - cg_bits(CG_ROUND) - k;
    *s = cg_power_of_two(k);
    *t = cg_power_of_two(m);
    return r + cg_exp_tail(r);
}

static inline double cg_exp(double x) {
    double s, t, p = cg_scaled(x, &s, &t);
    return cg_fma(p, s, s)*t;
}

/* exp(x) - 1 for x up to 700. */
static inline double cg_expm1_near(double x) {
    double s, t, p = cg_scaled(x, &s, &t);
    return cg_fma(s*t, p, s*t - 1.0);
}

static inline double cg_expm1(double x) {
    return x > 700.0 ? cg_exp(x) : cg_expm1_near(x > 700.0 ? 1.0 : x);
}

static inline double cg_tanh(double x) {
    double t = cg_expm1_near(-2.0*__builtin_fabs(x));
    return __builtin_copysign(t/(t + 2.0), x);
}

/* fdlibm's; a division by 0 flags what has no logarithm. */
static inline double cg_log_of(double x, double more) {
    int small = x < 0x1p-1022;
    double y = small ? x*0x1p54 : x;
    long long bits = cg_bits(y) - 0x3fe6a09e667f3bcd;
    long long e = (bits + (2048LL << 52)) >> 52 & 0xfff;
    double k = cg_double(e + 0x4330000000000000) - (0x1p52 + 2048) - (small ? 54.0 : 0.0);
    double m = cg_double((bits & 0xfffffffffffff) + 0x3fe6a09e667f3bcd);
    double f = m - 1.0;
    double s = f/(x > 0 ? 2.0 + f : 0.0);
    double z = s*s;
    double p = 0x1.2f112df3e5244p-3;
    p = cg_fma(p, z, 0x1.39a09d078c69fp-3);
    p = cg_fma(p, z, 0x1.7466496cb03dep-3);
    p = cg_fma(p, z, 0x1.c71c51d8e78afp-3);
    p = cg_fma(p, z, 0x1.2492494229359p-2);
    p = cg_fma(p, z, 0x1.999999997fa04p-2);
    p = cg_fma(p, z, 0x1.5555555555593p-1);
    p *= z;
    double half = 0.5*f*f;
    double low = cg_fma(k, 0x1.a39ef35793c76p-33, more);
    double value = cg_fma(k, 0x1.62e42feep-1, -((half - (s*(half + p) + low)) - f));
    value = x < __builtin_inf() ? value : x;
    return x > 0 ? value : x == 0 ? -__builtin_inf() : __builtin_nan("");
}

static inline double cg_log(double x) { return cg_log_of(x, 0.0); }

static inline double cg_log1p(double x) {
    double u = 1.0 + x, rest = u - 1.0;
    rest = (x - rest)/u;
    double y = cg_log_of(u, u < __builtin_inf() && u > 0 ? rest : 0.0);
    return x == 0 ? x : y;
}

/* sin where `quarter` is 0, and cos where it is 1. Angles beyond 2^30 are infinities, and flagged. */
static inline double cg_turned(double x, long long quarter) {
    double a = __builtin_fabs(x) < 0x1p30 ? x : x*__builtin_inf();
    double turned = cg_fma(a, 0x1.45f306dc9c883p-1, CG_ROUND), n = turned - CG_ROUND;
    double high = cg_fma(n, -0x1.921fb54442d18p0, a);
    double p = n*0x1.1a62633145c07p-54, lost = cg_fma(n, 0x1.1a62633145c07p-54, -p);
    double r = high - p;
    double tail = ((high - r) - p) - cg_fma(n, -0x1.f1976b7ed8fbcp-110, lost);
    double z = r*r;
    double s = 0x1.5d93a5acfd57cp-33;
    s = cg_fma(s, z, -0x1.ae5e68a2b9cebp-26);
    s = cg_fma(s, z, 0x1.71de357b1fe7dp-19);
    s = cg_fma(s, z, -0x1.a01a019c161d5p-13);
    s = cg_fma(s, z, 0x1.111111110f8a6p-7);
    double v = z*r;
    s = r - ((z*(0.5*tail - v*s) - tail) - v*-0x1.5555555555549p-3);
    double c = -0x1.8fae9be8838d4p-37;
    c = cg_fma(c, z, 0x1.1ee9ebdb4b1c4p-29);
    c = cg_fma(c, z, -0x1.27e4f809c52adp-22);
    c = cg_fma(c, z, 0x1.a01a019cb159p-16);
    c = cg_fma(c, z, -0x1.6c16c16c15177p-10);
    c = cg_fma(c, z, 0x1.555555555554cp-5);
    double half = 0.5*z, w = 1.0 - half;
    c = w + (((1.0 - w) - half) + (z*z*c - r*tail));
    long long k = cg_bits(turned) + quarter;
    double value = k & 1 ? c : s;
    return cg_double(cg_bits(value) ^ ((k & 2) << 62));
}

static inline double cg_sin(double x) { double y = cg_turned(x, 0); return x == 0 ? x : y; }

static inline double cg_cos(double x) { return cg_turned(x, 1); }

/* A whole number that exponents lose no digit by, and no double overflows after. */
static inline double cg_level(double top) { return floor(top - cg_min(cg_max(top, 0.0), 690.0)); }
