package trivium.bt;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.MemoryAddress;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Host code went back to Java. Off unless a recording asks for it: there are many. */
@Name("trivium.bt.Exit")
@Label("Exit")
@Description("Translated code returned to the engine")
@Category({"Trivium", "BT"})
@Enabled(false)
@StackTrace(false)
final class ExitEvent extends Event {
    @Label("Cause")
    String cause;

    @Label("Guest RIP")
    @MemoryAddress
    long rip;
}
