package trivium.x86.fuzz;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import trivium.cpu.CpuModel;
import trivium.x86.decode.Feature;
import trivium.x86.decode.Mnemonic;
import trivium.x86.decode.OpcodeTable;
import trivium.x86.decode.Operand;
import trivium.x86.decode.Row;

/** The opcode rows of a CPU model and code size, sorted by how often programs use them. */
final class RowPool {
    private static final Set<Mnemonic> SELDOM =
            EnumSet.of(
                    Mnemonic.UD0,
                    Mnemonic.UD1,
                    Mnemonic.UD2,
                    Mnemonic.CPUID,
                    Mnemonic.PUSHA,
                    Mnemonic.POPA,
                    Mnemonic.BOUND,
                    Mnemonic.LES,
                    Mnemonic.LDS,
                    Mnemonic.LFS,
                    Mnemonic.LGS,
                    Mnemonic.ENTER,
                    Mnemonic.LEAVE,
                    Mnemonic.DIV,
                    Mnemonic.IDIV,
                    Mnemonic.XLAT,
                    Mnemonic.AAM,
                    Mnemonic.LAR,
                    Mnemonic.LSL,
                    Mnemonic.ARPL,
                    Mnemonic.FXSAVE,
                    Mnemonic.FXRSTOR,
                    Mnemonic.FRSTOR,
                    Mnemonic.FLDENV,
                    Mnemonic.FNSAVE,
                    Mnemonic.FNSTENV,
                    Mnemonic.FLDCW,
                    Mnemonic.LDMXCSR,
                    Mnemonic.FNINIT,
                    Mnemonic.MASKMOVQ,
                    Mnemonic.MASKMOVDQU);

    final List<Row> integer = new ArrayList<>(),
            string = new ArrayList<>(),
            x87 = new ArrayList<>(),
            simd = new ArrayList<>(),
            seldom = new ArrayList<>();

    RowPool(CpuModel model, int bits) {
        Set<Feature> features = Feature.of(model);
        Row.Attribute foreign = bits == 64 ? Row.Attribute.NOT_64 : Row.Attribute.ONLY_64;
        for (Row row : OpcodeTable.allRows()) {
            boolean there = row.feature() == null || features.contains(row.feature());
            if (there && !row.is(foreign)) {
                poolOf(row).add(row);
            }
        }
    }

    private List<Row> poolOf(Row row) {
        if (isString(row)) {
            return string;
        }
        boolean rare =
                row.is(Row.Attribute.ENDS_BLOCK)
                        || row.is(Row.Attribute.PRIVILEGED)
                        || row.is(Row.Attribute.PROTECTED_ONLY)
                        || SELDOM.contains(row.mnemonic())
                        || usesSegment(row);
        if (rare) {
            return seldom;
        }
        int opcode = row.opcode();
        boolean escape = opcode >= 0xd8 && opcode <= 0xdf || opcode == 0x9b;
        if (escape) {
            return x87;
        }
        return isSimd(row) ? simd : integer;
    }

    private static boolean usesSegment(Row row) {
        return row.operands().stream()
                .anyMatch(o ->
                        o.place() == Operand.Place.SEGMENT
                                || o.place() == Operand.Place.FIXED_SEGMENT);
    }

    private static boolean isString(Row row) {
        return !row.operands().isEmpty()
                && row.operands().stream()
                        .anyMatch(o ->
                                o.place() == Operand.Place.STRING_SOURCE
                                        || o.place() == Operand.Place.STRING_TARGET);
    }

    private static boolean isSimd(Row row) {
        Feature f = row.feature();
        return f == Feature.MMX
                || f != null && f.compareTo(Feature.SSE) >= 0 && f.compareTo(Feature.SSE42) <= 0;
    }

    static Row pick(List<Row> rows, Random random) {
        return rows.get(random.nextInt(rows.size()));
    }
}
