package trivium.x86.decode;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import trivium.cpu.CpuModel;

/** The opcode map of one CPU model, put together from the row lists of this package. */
public final class OpcodeTable {
    private static final int PAGES = 4;
    private static final Row[] NO_ROWS = {};
    private static final Map<CpuModel, OpcodeTable> TABLES = new EnumMap<>(CpuModel.class);

    /** None, 66, F2 and F3. */
    private static final int PREFIXES = 4;

    /** In {@link #found}: there is no such row. */
    private static final Row NO_ROW = new Row(0, null);

    private final Row[][] byOpcode = new Row[PAGES * 256][];

    private final boolean[] withModRm = new boolean[PAGES * 256];

    /**
     * What {@link #find} found before, by opcode, prefix and whether it is in 64-bit mode, then by
     * ModR/M byte. Filled by any thread: all would write the same.
     */
    private final Row[][] found = new Row[PAGES * 256 * PREFIXES * 2][];

    static Row insn(int opcode, Mnemonic mnemonic, Operand... operands) {
        return new Row(opcode, mnemonic, operands);
    }

    /** The table of a CPU model. */
    public static synchronized OpcodeTable of(CpuModel model) {
        return TABLES.computeIfAbsent(model, m -> new OpcodeTable(Feature.of(m)));
    }

    /** All rows there are, whatever the CPU. */
    public static List<Row> allRows() {
        List<Row> rows = new ArrayList<>();
        rows.addAll(IntegerRows.ROWS);
        rows.addAll(SystemRows.ROWS);
        rows.addAll(X87Rows.ROWS);
        rows.addAll(SimdRows.ROWS);
        return rows;
    }

    private OpcodeTable(Set<Feature> features) {
        List<List<Row>> lists = new ArrayList<>();
        for (int i = 0; i < byOpcode.length; i++) {
            lists.add(new ArrayList<>());
        }
        for (Row row : allRows()) {
            if (row.feature == null || features.contains(row.feature)) {
                lists.get(index(row.opcode)).add(row);
            }
        }
        for (int i = 0; i < byOpcode.length; i++) {
            byOpcode[i] = lists.get(i).toArray(NO_ROWS);
            withModRm[i] = byOpcode[i].length > 0 && hasModRm(byOpcode[i][0]);
        }
    }

    private static int index(int opcode) {
        int page =
                switch (opcode >>> 8) {
                    case 0 -> 0;
                    case 0x0f -> 1;
                    case 0x0f38 -> 2;
                    case 0x0f3a -> 3;
                    default -> throw new AssertionError("opcode %X".formatted(opcode));
                };
        return page << 8 | opcode & 0xff;
    }

    /** Whether the opcode has a ModR/M byte: known before the row is. */
    boolean hasModRm(int opcode) {
        return withModRm[index(opcode)];
    }

    private static boolean hasModRm(Row row) {
        if (row.extension != Row.ANY || row.mod != Row.ANY) {
            return true;
        }
        for (Operand operand : row.operands) {
            switch (operand.place) {
                case RM,
                        REG,
                        MEMORY,
                        SEGMENT,
                        CONTROL,
                        DEBUG,
                        MMX_REG,
                        MMX_RM,
                        XMM_REG,
                        XMM_RM,
                        X87_RM -> {
                    return true;
                }
                default -> {}
            }
        }
        return false;
    }

    /**
     * Finds the row of an opcode.
     *
     * @param prefix the mandatory prefix in force: F3, F2, 66 or 0
     * @return null if there is none: #UD
     */
    Row find(int opcode, int modRm, int prefix, boolean mode64) {
        int slot = (index(opcode) << 2 | prefixNumber(prefix)) << 1 | (mode64 ? 1 : 0);
        Row[] byModRm = found[slot];
        if (byModRm == null) {
            byModRm = new Row[withModRm[index(opcode)] ? 256 : 1];
            found[slot] = byModRm;
        }
        int at = byModRm.length == 1 ? 0 : modRm;
        Row row = byModRm[at];
        if (row == null) {
            row = search(opcode, modRm, prefix, mode64);
            byModRm[at] = row == null ? NO_ROW : row;
        }
        return row == NO_ROW ? null : row;
    }

    private static int prefixNumber(int prefix) {
        return switch (prefix) {
            case 0 -> 0;
            case 0x66 -> 1;
            case 0xf2 -> 2;
            default -> 3;
        };
    }

    private Row search(int opcode, int modRm, int prefix, boolean mode64) {
        Row fallback = null;
        for (Row row : byOpcode[index(opcode)]) {
            boolean fits =
                    (row.extension == Row.ANY || row.extension == (modRm >>> 3 & 7))
                            && (row.mod == Row.ANY || (row.mod == 3) == (modRm >= 0xc0))
                            && (row.rm == Row.ANY || row.rm == (modRm & 7))
                            && !row.is(mode64 ? Row.Attribute.NOT_64 : Row.Attribute.ONLY_64);
            if (!fits) {
                continue;
            }
            if (row.prefix == prefix) {
                return row;
            }
            if (row.prefix == Row.ANY && fallback == null) {
                fallback = row;
            }
        }
        return fallback;
    }
}
