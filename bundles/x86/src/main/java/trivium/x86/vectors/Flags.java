package trivium.x86.vectors;

import java.util.StringJoiner;

/** Names of EFLAGS bits, for messages. */
final class Flags {
    private static final String[] NAMES = {
        "CF", null, "PF", null, "AF", null, "ZF", "SF", "TF", "IF", "DF", "OF", "IOPL0", "IOPL1",
        "NT", null, "RF", "VM", "AC", "VIF", "VIP", "ID"
    };

    private Flags() {}

    static String describe(int eflags) {
        StringJoiner names = new StringJoiner(" ").setEmptyValue("none");
        for (int bit = 0; bit < NAMES.length; bit++) {
            if ((eflags >> bit & 1) != 0 && NAMES[bit] != null) {
                names.add(NAMES[bit]);
            }
        }
        return names.toString();
    }
}
