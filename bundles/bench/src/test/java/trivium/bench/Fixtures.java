package trivium.bench;

import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;

/** Results as if they had been measured. */
final class Fixtures {
    static final Kernel CHASE = kernel("chase"), MEM = kernel("mem"), TRAP = kernel("trap");
    static final Way BT = new Way("bt", "softtlb"), VT = new Way("vt", "soft<&>");

    private final List<Cell> cells = new ArrayList<>();

    private static Kernel kernel(String name) {
        return Kernel.ALL.stream().filter(k -> k.name().equals(name)).findFirst().orElseThrow();
    }

    Fixtures measured(int bits, Kernel kernel, Way way, double... seconds) {
        Cell cell = new Cell(bits, kernel, way);
        for (double s : seconds) {
            cell.add(new Reading(s, way == Way.NATIVE ? Double.NaN : 2 * s, kernel.checksum()));
        }
        cells.add(cell);
        return this;
    }

    Fixtures wrong(int bits, Kernel kernel, Way way, double seconds) {
        Cell cell = new Cell(bits, kernel, way);
        cell.add(new Reading(seconds, seconds, kernel.checksum() + 1));
        cells.add(cell);
        return this;
    }

    Fixtures failed(int bits, Kernel kernel, Way way, String why) {
        Cell cell = new Cell(bits, kernel, way);
        cell.fail(why);
        cells.add(cell);
        return this;
    }

    Results results() {
        var origin =
                new Origin(
                        "A \"fine\" <CPU>",
                        2,
                        "Linux 6",
                        "25",
                        1.25,
                        OffsetDateTime.parse("2026-11-23T01:02:03Z"),
                        "1.2.3 abc");
        return new Results(origin, Rounds.of(0), cells);
    }

    /** Two ways, of which one has a wrong result; a kernel without native. */
    static Results mixed() {
        return new Fixtures()
                .measured(32, CHASE, Way.NATIVE, 1)
                .measured(32, CHASE, BT, 2, 8, 2.5)
                .measured(32, CHASE, VT, 1)
                .measured(32, MEM, Way.NATIVE, 1)
                .measured(32, MEM, BT, 10)
                .wrong(32, MEM, VT, 0.001)
                .measured(32, TRAP, BT, 0.5)
                .failed(32, TRAP, VT, "no result within 60 s")
                .results();
    }
}
