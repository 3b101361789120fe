package io.penstock.serving.grammar;

import static io.penstock.serving.grammar.Expression.EMPTY;
import static io.penstock.serving.grammar.Expression.NEVER;
import static io.penstock.serving.grammar.Expression.choice;
import static io.penstock.serving.grammar.Expression.of;
import static io.penstock.serving.grammar.Expression.range;
import static io.penstock.serving.grammar.Expression.sequence;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Numbers within bounds and of a multiple, written without exponents. Exact: the digits are compared with those of the
 * bounds, and the remainder is carried from digit to digit.
 */
final class NumberForms {
    /** The largest divisor, after a shift to integers, whose remainders are carried. */
    static final int MAX_DIVISOR = 512;

    private final int numDecimals;
    private final boolean isTrimmed;
    private final int divisor;

    /** What may follow where no bound is near: the same for numbers of all lengths. */
    private final Map<Long, Expression> free = new HashMap<>();

    /**
     * @param numDecimals digits behind the point at most
     * @param isTrimmed whether fewer are written as well; else all or none, where none means zeros
     * @param divisor what the number without its point, with all its decimals, is a multiple of
     */
    private NumberForms(int numDecimals, boolean isTrimmed, int divisor) {
        this.numDecimals = numDecimals;
        this.isTrimmed = isTrimmed;
        this.divisor = divisor;
    }

    static NumberForms integers() {
        return new NumberForms(0, true, 1);
    }

    static NumberForms decimals(int numDecimals) {
        return new NumberForms(numDecimals, true, 1);
    }

    /** Multiples of {@code divisor / 10^numDecimals}. */
    static NumberForms multiples(int divisor, int numDecimals) {
        return new NumberForms(numDecimals, false, divisor);
    }

    /**
     * All of them from one bound to another; null is no bound, but that of the digits.
     *
     * @param maxDigits digits in front of the point, unless a bound has more
     */
    Expression between(BigDecimal min, BigDecimal max, int maxDigits) {
        BigInteger limit = BigInteger.TEN.pow(maxDigits + numDecimals).subtract(BigInteger.ONE);
        BigInteger low = min == null ? null : shifted(min, RoundingMode.CEILING);
        BigInteger high = max == null ? null : shifted(max, RoundingMode.FLOOR);
        BigInteger lowest = low != null ? low : high == null ? limit.negate() : limit.max(high.abs()).negate();
        BigInteger highest = high != null ? high : limit.max(lowest.abs());
        if (highest.compareTo(lowest) < 0) {
            return NEVER;
        }
        Expression positive = highest.signum() < 0 ? NEVER : unsigned(lowest.max(BigInteger.ZERO), highest);
        Expression negative = lowest.signum() >= 0 ? NEVER
                : unsigned(highest.min(BigInteger.ONE.negate()).negate(), lowest.negate());
        return choice(positive, negative == NEVER ? NEVER : sequence(of('-'), negative));
    }

    private BigInteger shifted(BigDecimal bound, RoundingMode mode) {
        return bound.movePointRight(numDecimals).setScale(0, mode).toBigInteger();
    }

    private Expression unsigned(BigInteger low, BigInteger high) {
        List<Expression> lengths = new ArrayList<>();
        int shortest = Math.max(low.toString().length(), numDecimals + 1);
        int longest = Math.max(high.toString().length(), numDecimals + 1);
        for (int length = shortest; length <= longest; length++) {
            BigInteger least = length == numDecimals + 1 ? BigInteger.ZERO : BigInteger.TEN.pow(length - 1);
            BigInteger most = BigInteger.TEN.pow(length).subtract(BigInteger.ONE);
            BigInteger from = low.max(least);
            BigInteger to = high.min(most);
            if (from.compareTo(to) <= 0) {
                lengths.add(new Digits(padded(from, length), padded(to, length)).from(0, 0, true, true));
            }
        }
        return choice(lengths);
    }

    private static String padded(BigInteger value, int length) {
        String digits = value.toString();
        return "0".repeat(length - digits.length()) + digits;
    }

    /** Numbers of one number of digits, decimals included, from one to another. */
    private final class Digits {
        private final String low;
        private final String high;
        private final int point;
        private final Map<Long, Expression> bound = new HashMap<>();

        Digits(String low, String high) {
            this.low = low;
            this.high = high;
            point = low.length() - numDecimals;
        }

        /** What may follow {@code at} digits whose value leaves a remainder, and which are those of a bound so far. */
        Expression from(int at, int remainder, boolean isLow, boolean isHigh) {
            int left = low.length() - at;
            long key = ((long) left << 32 | remainder) << 2 | (isLow ? 2 : 0) | (isHigh ? 1 : 0);
            Map<Long, Expression> known = isLow || isHigh ? bound : free;
            Expression expression = known.get(key);
            if (expression == null) {
                expression = compute(at, remainder, isLow, isHigh);
                known.put(key, expression);
            }
            return expression;
        }

        private Expression compute(int at, int remainder, boolean isLow, boolean isHigh) {
            if (at == low.length()) {
                return remainder == 0 ? EMPTY : NEVER;
            }
            Expression more = digits(at, remainder, isLow, isHigh);
            if (at < point) {
                return more;
            }
            Expression pointed = at == point && more != NEVER ? sequence(of('.'), more) : more;
            boolean mayStop = (at == point || isTrimmed) && canStop(at, remainder, isLow);
            return mayStop ? choice(EMPTY, pointed) : pointed;
        }

        /** Whether zeros in all places that are left make a number that is in. */
        private boolean canStop(int at, int remainder, boolean isLow) {
            long rest = remainder;
            for (int i = at; i < low.length(); i++) {
                if (isLow && low.charAt(i) != '0') {
                    return false;
                }
                rest = rest * 10 % divisor;
            }
            return rest == 0;
        }

        private Expression digits(int at, int remainder, boolean isLow, boolean isHigh) {
            int from = isLow ? low.charAt(at) - '0' : 0;
            int to = isHigh ? high.charAt(at) - '0' : 9;
            List<Expression> ways = new ArrayList<>();
            for (int digit = from; digit <= to;) {
                boolean staysLow = isLow && digit == from;
                boolean staysHigh = isHigh && digit == to;
                int next = (remainder * 10 + digit) % divisor;
                int last = digit;
                while (divisor == 1 && !staysLow && last < to && !(isHigh && last + 1 == to)
                        && !(staysHigh && last == to)) {
                    last++;
                }
                Expression rest = from(at + 1, next, staysLow, staysHigh);
                if (rest != NEVER) {
                    ways.add(sequence(range('0' + digit, '0' + last), rest));
                }
                digit = last + 1;
            }
            return choice(ways);
        }
    }
}
