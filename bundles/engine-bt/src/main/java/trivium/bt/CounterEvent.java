package trivium.bt;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Period;
import jdk.jfr.StackTrace;

/** One counter of one vCPU, once a second: exits by cause, blocks, cache use. */
@Name("trivium.bt.Counter")
@Label("Engine Counter")
@Description("A counter of the engine, as vm:stats shows it")
@Category({"Trivium", "BT"})
@Period("1 s")
@StackTrace(false)
final class CounterEvent extends Event {
    @Label("vCPU")
    String vcpu;

    @Label("Counter")
    String counter;

    @Label("Value")
    long value;
}
