package trivium.bt;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** All host code of a vCPU was thrown away. */
@Name("trivium.bt.Flush")
@Label("Code Cache Flush")
@Description("The code cache was emptied")
@Category({"Trivium", "BT"})
@StackTrace(false)
final class FlushEvent extends Event {
    @Label("Reason")
    String reason;

    @Label("Host Code")
    @Description("What was in the cache")
    @DataAmount
    long bytes;

    @Label("Translations")
    long translations;
}
