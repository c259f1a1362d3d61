package trivium.console;

import java.util.ArrayList;
import java.util.List;
import trivium.vm.CodeListing;
import trivium.vm.CodeListing.Line;

/**
 * A listing in columns: guest code left, host code right. Host lines keep their order; each guest
 * line stands at the first of those made of it, and all stand before those of none.
 */
final class CodeColumns {
    private static final int HOST_DIGITS = 12;
    private static final String OF_NONE = "of no instruction: ways out";

    private final List<String> guest;
    private final String format;
    private final List<String> out = new ArrayList<>();

    /** Guest lines that are in {@code out}. */
    private int shown;

    private CodeColumns(List<String> guest) {
        this.guest = guest;
        int width = guest.stream().mapToInt(String::length).max().orElse(0);
        format = "%-" + Math.max(1, width) + "s | %s";
    }

    static List<String> lines(CodeListing code, boolean withHost) {
        List<String> guest = column(code.guest(), code.mode() / 4);
        if (!withHost || code.host().isEmpty()) {
            return guest;
        }
        CodeColumns columns = new CodeColumns(guest);
        columns.beside(code.host(), column(code.host(), HOST_DIGITS));
        return columns.out;
    }

    private static List<String> column(List<Line> lines, int digits) {
        int hex = lines.stream().mapToInt(line -> line.bytes().length()).max().orElse(0);
        String format = "%0" + digits + "x  %-" + Math.max(1, hex) + "s  %s";
        return lines.stream()
                .map(line -> format.formatted(line.address(), line.bytes(), line.text()))
                .toList();
    }

    private void beside(List<Line> host, List<String> text) {
        boolean attributed = host.stream().anyMatch(line -> line.guest() >= 0);
        boolean behind = false;
        for (int h = 0; h < host.size(); h++) {
            // Where the engine tells nothing, the columns stand side by side from the top.
            int of = attributed ? host.get(h).guest() : h;
            if (of < 0 && !behind) {
                behind = true;
                guestUpTo(guest.size());
                row("", OF_NONE);
            }
            guestUpTo(Math.min(of, guest.size()));
            row(of == shown && shown < guest.size() ? guest.get(shown++) : "", text.get(h));
        }
        guestUpTo(guest.size());
    }

    private void guestUpTo(int end) {
        while (shown < end) {
            row(guest.get(shown++), "");
        }
    }

    private void row(String left, String right) {
        out.add(format.formatted(left, right).stripTrailing());
    }
}
