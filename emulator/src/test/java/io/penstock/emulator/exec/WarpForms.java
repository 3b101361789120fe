package io.penstock.emulator.exec;

import static io.penstock.emulator.exec.Form.big;
import static io.penstock.emulator.exec.Form.warp;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.stream.Stream;

/** What lanes tell each other: shuffles of every width, votes, matches, reductions. */
final class WarpForms {
    private WarpForms() {}

    static Stream<Form> all() {
        List<Form> forms = new ArrayList<>();
        for (String mode : List.of("up", "down", "bfly", "idx")) {
            for (int width : new int[] {2, 8, 16, 32}) {
                for (int step : new int[] {0, 1, 3, 7, 16, 31}) {
                    shuffle(forms, mode, width, step);
                }
            }
        }
        varying(forms);
        votes(forms);
        matches(forms);
        reductions(forms);
        return forms.stream();
    }

    /** The lane that CUDA's shuffle of a width reads, or -1 if there is none. */
    private static int from(String mode, int width, int step, int lane) {
        int first = lane / width * width;
        int to = switch (mode) {
            case "up" -> lane - step;
            case "down" -> lane + step;
            case "bfly" -> lane ^ step;
            default -> first + step % width;
        };
        // A butterfly may go down to another segment: only its upper bound counts.
        boolean isIn = mode.equals("up") ? to >= first : to < first + width;
        return isIn ? to : -1;
    }

    private static void shuffle(List<Form> forms, String mode, int width, int step) {
        int clamp = 32 - width << 8 | (mode.equals("up") ? 0 : 31);
        String body = "shfl.sync." + mode + ".b32 %d|%q0, %a, " + step + ", " + clamp + ", -1;";
        forms.add(warp(body, "b32 b32", (in, lane) -> {
            int from = from(mode, width, step, lane);
            return in[0][from < 0 ? lane : from];
        }));
        forms.add(warp(body + " selp.u32 %d, 1, 0, %q0;", "b32 b32",
                (in, lane) -> from(mode, width, step, lane) < 0 ? 0 : 1));
    }

    private static void varying(List<Form> forms) {
        forms.add(warp("shfl.sync.idx.b32 %d, %a, %b, 31, 0xffffffff;", "b32 b32 b32",
                (in, lane) -> in[0][(int) in[1][lane] & 31]));
        forms.add(warp("setp.lt.u32 %q0, %lane, 12; mov.u32 %d, 0; @%q0 shfl.sync.bfly.b32 %d, %a, 3, 31, 0xfff; "
                + "@!%q0 shfl.sync.bfly.b32 %d, %a, 1, 31, 0xfffff000;", "b32 b32",
                (in, lane) -> in[0][lane < 12 ? lane ^ 3 : lane ^ 1]));
    }

    private static int yes(long[] values, int mask, LongPredicate test) {
        int bits = 0;
        for (int lane = 0; lane < 32; lane++) {
            bits |= (mask >>> lane & 1) != 0 && test.test(values[lane]) ? 1 << lane : 0;
        }
        return bits;
    }

    private static boolean isNegative(long value) {
        return (int) value < 0;
    }

    private static void votes(List<Form> forms) {
        String vote = "setp.lt.s32 %q0, %a, 0; ";
        String end = " selp.u32 %d, 1, 0, %q1;";
        forms.add(warp(vote + "vote.sync.ballot.b32 %d, %q0, -1;", "b32 b32",
                (in, lane) -> yes(in[0], -1, WarpForms::isNegative)));
        forms.add(warp(vote + "vote.sync.ballot.b32 %d, !%q0, -1;", "b32 b32",
                (in, lane) -> ~yes(in[0], -1, WarpForms::isNegative)));
        forms.add(warp(vote + "vote.sync.any.pred %q1, %q0, -1;" + end, "u32 b32",
                (in, lane) -> yes(in[0], -1, WarpForms::isNegative) != 0 ? 1 : 0));
        forms.add(warp(vote + "vote.sync.all.pred %q1, %q0, -1;" + end, "u32 b32",
                (in, lane) -> yes(in[0], -1, WarpForms::isNegative) == -1 ? 1 : 0));
        forms.add(warp("setp.lt.u32 %q2, %lane, 7; setp.lt.s32 %q0, %a, 0; mov.pred %q1, %q0;\n"
                + "@%q2 vote.sync.uni.pred %q1, %q0, 0x7f;\n@!%q2 vote.sync.all.pred %q1, !%q0, 0xffffff80;" + end,
                "u32 b32", (in, lane) -> {
                    int negative = yes(in[0], -1, WarpForms::isNegative);
                    int first = negative & 0x7F;
                    return lane < 7 ? first == 0 || first == 0x7F ? 1 : 0 : negative >>> 7 == 0 ? 1 : 0;
                }));
        for (String constant : List.of("0", "1")) {
            forms.add(warp("vote.sync.ballot.b32 %d, " + constant + ", -1;", "u32 b32",
                    (in, lane) -> constant.equals("1") ? -1 : 0));
        }
        forms.add(warp("mov.u32 %d, 0; setp.gt.u32 %q0, %lane, 20; @%q0 bra FAR; activemask.b32 %d; bra.uni MEET;\n"
                + "FAR: activemask.b32 %d;\nMEET:", "u32 b32", (in, lane) -> lane > 20 ? 0xFFE0_0000L : 0x1F_FFFF));
    }

    private static void matches(List<Form> forms) {
        for (String type : List.of("b32", "b64")) {
            String some = type.equals("b32") ? "and.b32 %t0, %a, 3; " : "and.b64 %u0, %a, 3; ";
            String value = type.equals("b32") ? "%t0" : "%u0";
            forms.add(warp(some + "match.any.sync." + type + " %d, " + value + ", -1;", "b32 " + type,
                    (in, lane) -> yes(in[0], -1, each -> (each & 3) == (in[0][lane] & 3))));
            forms.add(warp(some + "match.all.sync." + type + " %d|%q0, " + value + ", -1;", "b32 " + type,
                    (in, lane) -> yes(in[0], -1, each -> (each & 3) == (in[0][0] & 3)) == -1 ? -1 : 0));
            String zero = type.equals("b32") ? "and.b32 %t0, %a, 0; " : "and.b64 %u0, %a, 0; ";
            forms.add(warp(zero + "match.all.sync." + type + " %t1|%q0, " + value + ", -1; selp.b32 %d, %t1, 5, %q0;",
                    "b32 " + type, (in, lane) -> -1));
        }
        forms.add(warp("and.b32 %t0, %a, 1; setp.lt.u32 %q0, %lane, 16; mov.u32 %d, 0; "
                + "@%q0 match.any.sync.b32 %d, %t0, 0xffff; @!%q0 match.any.sync.b32 %d, %t0, 0xffff0000;", "b32 b32",
                (in, lane) -> yes(in[0], lane < 16 ? 0xFFFF : 0xFFFF_0000, each -> (each & 1) == (in[0][lane] & 1))));
    }

    private static BigInteger value(long bits, String type) {
        return type.equals("s32") ? BigInteger.valueOf((int) bits) : big(bits);
    }

    private static BigInteger reduced(String how, BigInteger a, BigInteger b) {
        return switch (how) {
            case "add" -> a.add(b);
            case "min" -> a.min(b);
            case "max" -> a.max(b);
            case "and" -> a.and(b);
            case "or" -> a.or(b);
            default -> a.xor(b);
        };
    }

    private static void reductions(List<Form> forms) {
        for (String name : List.of("add.u32", "add.s32", "min.u32", "min.s32", "max.u32", "max.s32", "and.b32",
                "or.b32", "xor.b32")) {
            String[] words = name.split("\\.");
            forms.add(warp("redux.sync." + name + " %d, %a, -1;", "b32 b32", (in, lane) -> {
                BigInteger sum = value(in[0][0], words[1]);
                for (int other = 1; other < 32; other++) {
                    sum = reduced(words[0], sum, value(in[0][other], words[1]));
                }
                return sum.longValue();
            }));
        }
        forms.add(warp("setp.lt.u32 %q0, %lane, 5; mov.u32 %d, 1; @%q0 redux.sync.max.s32 %d, %a, 31;", "b32 b32",
                (in, lane) -> {
                    int max = Integer.MIN_VALUE;
                    for (int other = 0; other < 5; other++) {
                        max = Math.max(max, (int) in[0][other]);
                    }
                    return lane < 5 ? max : 1;
                }));
    }
}
