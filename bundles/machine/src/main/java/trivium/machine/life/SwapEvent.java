package trivium.machine.life;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A vCPU changed its engine or its MMU strategy while its VM ran. */
@Name("trivium.machine.Swap")
@Label("Engine Swap")
@Description("A vCPU changed its engine or MMU strategy")
@Category({"Trivium", "Machine"})
@StackTrace(false)
final class SwapEvent extends Event {
    @Label("VM")
    String vm;

    @Label("vCPU")
    int vcpu;

    @Label("From")
    String from;

    @Label("To")
    String to;

    @Label("Pause")
    @Description("How long the vCPU stood still")
    @Timespan(Timespan.NANOSECONDS)
    long pauseNanos;
}
