package trivium.x86.decode;

import java.util.List;

/** The x87 rows: escapes D8 to DF and FWAIT (SDM Vol. 2D, App. A.5). */
final class X87Rows {
    static final List<Row> ROWS = List.of();

    private X87Rows() {}
}
