package trivium.console;

import java.util.ArrayList;
import java.util.List;
import trivium.vm.CodeListing;
import trivium.vm.CodeListing.Line;

/** A listing in columns: guest code left, host code right of the instruction it belongs to. */
final class CodeColumns {
    private CodeColumns() {}

    static List<String> lines(CodeListing code, boolean withHost) {
        List<String> guest = column(code.guest(), code.mode() / 4);
        if (!withHost || code.host().isEmpty()) {
            return guest;
        }
        return beside(code, guest, column(code.host(), 12));
    }

    private static List<String> column(List<Line> lines, int digits) {
        int hex = lines.stream().mapToInt(line -> line.bytes().length()).max().orElse(0);
        String format = "%0" + digits + "x  %-" + Math.max(1, hex) + "s  %s";
        return lines.stream()
                .map(line -> format.formatted(line.address(), line.bytes(), line.text()))
                .toList();
    }

    /** Host lines in order; each guest line stands at the first of those made of it. */
    private static List<String> beside(CodeListing code, List<String> guest, List<String> host) {
        int width = guest.stream().mapToInt(String::length).max().orElse(0);
        String format = "%-" + Math.max(1, width) + "s | %s";
        List<String> out = new ArrayList<>();
        int shown = 0;
        for (int h = 0; h < host.size(); h++) {
            // Where the engine does not tell, the columns stand side by side from the top.
            int of = code.host().get(h).guest();
            int upTo = Math.min(guest.size(), (of < 0 ? h : of) + 1);
            while (shown < upTo - 1) {
                out.add(format.formatted(guest.get(shown++), "").stripTrailing());
            }
            String left = shown < upTo ? guest.get(shown++) : "";
            out.add(format.formatted(left, host.get(h)));
        }
        guest.subList(shown, guest.size())
                .forEach(line -> out.add(format.formatted(line, "").stripTrailing()));
        return out;
    }
}
