package trivium.bt;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.MemoryAddress;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Guest code became host code. Its duration is that of the translation. */
@Name("trivium.bt.Translation")
@Label("Translation")
@Description("Guest code was translated to host code")
@Category({"Trivium", "BT"})
@StackTrace(false)
final class TranslationEvent extends Event {
    @Label("Guest RIP")
    @MemoryAddress
    long rip;

    @Label("Guest Code")
    @DataAmount
    int guestBytes;

    @Label("Guest Instructions")
    int instructions;

    @Label("Host Address")
    @MemoryAddress
    long hostHva;

    @Label("Host Code")
    @DataAmount
    int hostBytes;
}
