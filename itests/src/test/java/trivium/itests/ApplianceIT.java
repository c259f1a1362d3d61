package trivium.itests;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;
import static trivium.itests.Appliance.await;
import static trivium.itests.Appliance.log;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.inject.Inject;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;

/** The distribution in one container; runs inside it. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class ApplianceIT {
    private static final int SSH = 28101;
    private static final int VNC = 28900;

    @Inject SessionFactory sessions;
    @Inject BundleContext bundles;

    private Shell admin;
    private Shell viewer;
    private final Ssh ssh = new Ssh(SSH);

    @Configuration
    public Option[] configuration() {
        return Container.options(SSH, VNC);
    }

    @Before
    public void waitForCommands() throws Exception {
        admin = Appliance.admin(sessions);
        viewer = new Shell(sessions, "viewer");
    }

    @Test
    public void theFirstBootStopsNothing() throws Exception {
        String log = log();

        assertTrue(log, log.contains("karaf")); // it is a log, and of this container
        assertFalse(log, log.contains("Stopping bundles"));
    }

    @Test
    public void allBundlesAreActive() {
        List<String> others = new ArrayList<>();
        for (Bundle bundle : bundles.getBundles()) {
            boolean fragment = bundle.getHeaders().get(Constants.FRAGMENT_HOST) != null;
            if (bundle.getState() != (fragment ? Bundle.RESOLVED : Bundle.ACTIVE)) {
                others.add(bundle + " in state " + bundle.getState());
            }
        }

        assertEquals(List.of(), others);
    }

    @Test
    public void listsWhatIsInstalled() throws Exception {
        assertTrue(admin.run("hv:engines").contains("interpreter"));
        assertTrue(admin.run("hv:engines").contains("softtlb"));
        assertTrue(admin.run("hv:engines").contains("through Linux KVM"));
        assertTrue(admin.run("hv:cpu-check --json").contains("\"vendor\": {\"value\": "));
        assertTrue(admin.run("hv:devices --json").contains("\"model\": \"pit\""));
        String info = admin.run("hv:info --json");
        assertTrue(
                info,
                info.matches(
                        "(?s).*\"engines\": \\[(\"bt\", )?\"interpreter\", \"vmi\"(, \"vt\")?\\].*"));
    }

    @Test
    public void bootsAGuestToItsPromptAndStopsIt() throws Exception {
        Path rom = EchoRom.write(Path.of("echo.rom").toAbsolutePath());

        admin.run("vm:create echo --bios " + rom + " --memory 1 --start");
        try {
            admin.run("vm:wait-for --serial 'ready> ' --timeout 60 echo");
            admin.run("vm:console echo", "xy");
            admin.run("vm:wait-for echo --serial '\\[x\\]\\[y\\]' --timeout 60");
            assertTrue(admin.run("vm:list").contains("running"));
            assertTrue(admin.run("vm:vnc echo"), admin.run("vm:vnc echo").contains("::" + VNC));
            assertTrue(admin.run("vm:registers echo").contains("rip"));
            assertTrue(admin.run("vm:disasm echo 60").contains("jmp di"));
            assertTrue(admin.run("vm:top --interval 0.2 --count 1").contains("echo"));
            Path shot = Files.createTempDirectory("shot").resolve("echo.png");
            assertEquals(shot.toString(), admin.run("vm:screenshot echo " + shot).trim());
            assertTrue(Files.size(shot) > 50);
            admin.run("vm:pause echo; vm:wait-for --state paused echo; vm:resume echo");
            assertEquals("twin", admin.run("vm:fork echo twin").trim());
            assertTrue(admin.run("vm:list --state running").contains("twin"));
            assertTrue(admin.run("hv:memory").contains("twin"));
            assertFalse(Files.exists(Path.of("etc/trivium.vm-twin.cfg")));
            admin.run("vm:stop twin; vm:delete twin");
            assertTrue(Files.exists(Path.of("etc/trivium.vm-echo.cfg")));
        } finally {
            admin.run("vm:stop echo");
        }
        admin.run("vm:wait-for --state off --timeout 10 echo");
        assertTrue(admin.run("vm:log echo").contains("off, was running"));
        admin.run("vm:delete echo");
        await("gone", () -> !Files.exists(Path.of("etc/trivium.vm-echo.cfg")));
        assertTrue(admin.error("vm:info echo").startsWith("no VM 'echo'"));
    }

    @Test
    public void measuresAGuestThatNoListShows() throws Exception {
        Path json = Files.createTempDirectory("bench").resolve("figures.json");

        String chart =
                admin.run(
                        "hv:bench --engine interpreter --mmu softtlb --bits 32 --kernel pio --repeat 1 --json "
                                + json);

        assertTrue(chart, chart.contains("interpreter softtlb "));
        assertTrue(chart, chart.contains("100.0%"));
        assertTrue(Files.readString(json).contains("\"checksumOk\": true"));
        assertFalse(admin.run("vm:list").contains("bench"));
        assertTrue(viewer.error("hv:bench").contains("Command not found"));
    }

    @Test
    public void aViewerMayLookButNotTouch() throws Exception {
        assertTrue(viewer.run("vm:list --json").startsWith("["));
        assertTrue(viewer.error("vm:create x").contains("Command not found"));
        assertTrue(viewer.error("vm:vnc x").contains("Command not found"));
        assertTrue(viewer.error("vm:screenshot --overwrite x").contains("Insufficient"));
        assertEquals("no VM 'x'; there are none", viewer.error("vm:screenshot x"));
    }

    @Test
    public void rolesHoldOverSsh() throws Exception {
        assertTrue(ssh.run(Ssh.GUEST, "vm:list --json").startsWith("["));
        String[] forbidden = {
            "vm:create x",
            "vm:stop x",
            "vm:console x",
            "bundle:stop 1",
            "shell:exec id",
            "cat etc/users.properties",
            "new java.io.File /",
            "($.session class) name",
            "echo x > etc/users.properties",
        };
        for (String line : forbidden) {
            assertTrue(line, ssh.run(Ssh.GUEST, line).contains("Command not found"));
        }
        assertTrue(ssh.run(Ssh.GUEST, "grep admin etc/users.properties").contains("Insufficient"));
        assertTrue(ssh.run(Ssh.ADMIN, "whoami").contains("admin"));
        assertTrue(ssh.run(Ssh.ADMIN, "vm:create --vnc none x").contains("created x"));
        assertTrue(ssh.run(Ssh.ADMIN, "vm:list | grep x").contains("x"));
        assertEquals("", ssh.run(Ssh.ADMIN, "vm:delete x"));
        assertEquals("hi\n", ssh.run(Ssh.ADMIN, "shell:exec echo hi"));
    }

    @Test
    public void anAdministratorsSessionLeavesNoRightsToTheNext() throws Exception {
        assertEquals("a\n", ssh.run(Ssh.ADMIN, "echo a | grep a"));

        // pipelines run on pool threads, which inherit the rights of who made them
        ssh.run(Ssh.GUEST, "vm:create --vnc none stolen | grep stolen");
        assertFalse(ssh.run(Ssh.ADMIN, "vm:list").contains("stolen"));
    }

    @Test
    public void aMalformedConfigurationHarmsNothing() throws Exception {
        Path broken = Path.of("etc/trivium.vm-broken.cfg");
        Files.writeString(broken, "memory = lots\n");
        try {
            await("a line in the log", () -> log().contains("vm broken: memory=lots is not"));
            assertFalse(admin.run("vm:list").contains("broken"));
            admin.run("vm:create --vnc none sound");
            admin.run("vm:delete sound");
        } finally {
            Files.delete(broken);
        }
    }
}
