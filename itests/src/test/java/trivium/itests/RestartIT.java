package trivium.itests;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;

/** The distribution as its start script starts it, twice, driven over ssh. */
public class RestartIT {
    private static final int SSH = 28102;
    private static final int VNC = 28950;

    private final Path home = Path.of("target/restart").toAbsolutePath();
    private final Ssh ssh = new Ssh(SSH);
    private Process script;

    @Before
    public void unpack() throws Exception {
        run("rm", "-rf", home.toString());
        Files.createDirectories(home);
        run(
                "tar",
                "xzf",
                System.getProperty("appliance.tar"),
                "-C",
                home.toString(),
                "--strip-components=1");
        Files.copy(
                Path.of("src/test/resources/users.properties"),
                home.resolve("etc/users.properties"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Path shell = home.resolve("etc/org.apache.karaf.shell.cfg");
        Files.writeString(shell, Files.readString(shell).replace("8101", "" + SSH));
        Files.writeString(home.resolve("etc/trivium.vnc.cfg"), "port = " + VNC + "\n");
    }

    @After
    public void stop() throws Exception {
        if (script == null || !script.isAlive()) {
            return;
        }
        Path pid = home.resolve("karaf.pid");
        if (Files.exists(pid)) {
            ProcessHandle.of(Long.parseLong(Files.readString(pid).trim()))
                    .ifPresent(ProcessHandle::destroy);
        }
        if (!script.waitFor(60, TimeUnit.SECONDS)) {
            script.destroyForcibly();
            throw new AssertionError("the appliance did not end within 60 s");
        }
    }

    @Test
    public void virtualMachinesComeBack() throws Exception {
        Path rom = EchoRom.write(home.resolve("data/echo.rom"));

        start();
        assertTrue(ssh.run(Ssh.ADMIN, "hv:info").contains("interpreter"));
        ssh.run(Ssh.ADMIN, "vm:create --bios " + rom + " --memory 1 --autostart echo");
        ssh.run(Ssh.ADMIN, "vm:create --cpu i386 --memory 8 --cdrom none --vnc none idle");
        assertTrue(ssh.run(Ssh.ADMIN, "vm:media idle").contains("no medium"));
        assertTrue(ssh.run(Ssh.GUEST, "help vm:list").contains("vm:list --json"));
        String idle = ssh.run(Ssh.ADMIN, "vm:info --json idle");
        stop();

        start();
        String waited = ssh.run(Ssh.ADMIN, "vm:wait-for --serial 'ready> ' --timeout 60 echo");
        assertEquals("", waited);
        assertTrue(ssh.run(Ssh.GUEST, "vm:list --state running").contains("echo"));
        assertEquals(idle, ssh.run(Ssh.ADMIN, "vm:info --json idle"));
        asksBeforeABundleInUseIsStopped();
        ssh.run(Ssh.ADMIN, "vm:stop echo; vm:delete echo idle");
        assertEquals("[]\n", ssh.run(Ssh.ADMIN, "vm:list --json"));
        stop();

        String log = Files.readString(home.resolve("data/log/karaf.log"));
        assertFalse(log.contains("Stopping bundles"));
        assertEquals(List.of(), log.lines().filter(line -> line.contains("| ERROR |")).toList());
    }

    private void asksBeforeABundleInUseIsStopped() throws Exception {
        String shown =
                ssh.type(
                        Ssh.ADMIN,
                        "trivium>",
                        "bundle:stop devices-pc",
                        "bundle:stop all the same? (yes/no)",
                        "no",
                        "nothing was done",
                        "logout");
        assertTrue(shown, shown.contains("vm echo has device serial and waits until it is back"));
        assertTrue(ssh.run(Ssh.ADMIN, "vm:list --state running").contains("echo"));
    }

    private void start() throws Exception {
        var builder = new ProcessBuilder(home.resolve("bin/karaf").toString(), "server");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().remove("EXTRA_JAVA_OPTS");
        builder.redirectErrorStream(true);
        builder.redirectOutput(
                ProcessBuilder.Redirect.appendTo(home.resolve("data/output.log").toFile()));
        builder.redirectInput(new File("/dev/null"));
        script = builder.start();
        long deadline = System.nanoTime() + 120_000_000_000L;
        while (!ready()) {
            if (System.nanoTime() - deadline > 0 || !script.isAlive()) {
                throw new AssertionError(
                        "no shell; " + Files.readString(home.resolve("data/output.log")));
            }
            Thread.sleep(500);
        }
    }

    private boolean ready() {
        try {
            return ssh.run(Ssh.ADMIN, "vm:list --json").startsWith("[");
        } catch (IOException e) {
            return false;
        }
    }

    private static void run(String... command) throws Exception {
        int status = new ProcessBuilder(command).inheritIO().start().waitFor();
        assertEquals(String.join(" ", command), 0, status);
    }
}
