package trivium.itests;

import static org.junit.Assert.assertTrue;

import java.nio.file.Path;

/** A VM with the sample device and {@link ScratchRom}. */
final class ScratchGuest implements AutoCloseable {
    private final Shell admin;

    /** Waits for the device, which may just have been deployed. */
    ScratchGuest(Shell admin) throws Exception {
        this.admin = admin;
        Appliance.await("the device", () -> admin.run("hv:devices").contains("scratch"));
        Path rom = ScratchRom.write(Path.of("scratch.rom").toAbsolutePath());
        admin.run(
                "vm:create scratch --vnc none --bios %s --memory 1 --device scratch --start"
                        .formatted(rom));
    }

    void talk(String text) throws Exception {
        admin.run("vm:console scratch", text);
    }

    /** The guest sent back what the device held. */
    void holds(String text) throws Exception {
        String error =
                admin.error("vm:wait-for scratch --serial '%s' --timeout 20".formatted(text));
        assertTrue(
                error + admin.run("vm:registers scratch; vm:info scratch; vm:stats scratch"),
                error.startsWith("no error"));
    }

    boolean runs() throws Exception {
        return Appliance.running(admin, "scratch");
    }

    @Override
    public void close() {
        admin.error("vm:stop scratch");
        String error = admin.error("vm:delete scratch");
        assertTrue(error, error.startsWith("no error"));
    }
}
