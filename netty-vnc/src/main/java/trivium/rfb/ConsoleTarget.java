package trivium.rfb;

import java.util.Optional;
import trivium.display.Screen;
import trivium.input.KeyboardSink;
import trivium.input.PointerSink;
import trivium.vm.VmException;

/** The machine a server shows. Asked often, from any thread; must not block. */
public interface ConsoleTarget {
    /** What viewers show as their title. */
    String name();

    /** Empty while the machine is off: viewers then see a black screen. */
    Optional<Screen> screen();

    Optional<KeyboardSink> keyboard();

    Optional<PointerSink> pointer();

    /** Power buttons for viewers that have them. Empty: viewers may not use any. */
    default Optional<Power> power() {
        return Optional.empty();
    }

    /** Power actions; these may block. */
    interface Power {
        void shutdown() throws VmException;

        void reset() throws VmException;
    }
}
