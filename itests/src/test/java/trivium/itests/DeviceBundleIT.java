package trivium.itests;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static trivium.itests.Appliance.await;
import static trivium.itests.Appliance.deploy;
import static trivium.itests.Appliance.installed;
import static trivium.itests.Appliance.log;
import static trivium.itests.Appliance.running;
import static trivium.itests.Appliance.since;
import static trivium.itests.Appliance.undeploy;

import java.nio.file.Path;
import javax.inject.Inject;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.CoreOptions;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;

/**
 * Bundles of devices that are updated at work, and versions that do not fit. Inside the container.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class DeviceBundleIT {
    private static final int SSH = 28107, VNC = 28960;
    private static final int UPDATES = 5;

    private static final Path SAMPLE = Path.of(System.getProperty("sample.device"));

    @Inject SessionFactory sessions;

    private Shell admin;

    @Configuration
    public Option[] configuration() throws Exception {
        Path source = Path.of("../bundles/sample-device/src/main/java/trivium/sample/device");
        Path pad = source.resolve("ScratchPad.java"), made = Path.of("target").toAbsolutePath();
        String[] other = {
            "record State(int value, long writes)",
            "record State(String text, long writes)",
            "new State(value, writes)",
            "new State(\"\" + value, writes)",
            "State(int savedValue, long savedWrites)",
            "State(String savedText, long savedWrites)",
            "value = savedValue & 0xff",
            "value = Integer.parseInt(savedText)",
        };
        Path unfit =
                NextVersion.make(SAMPLE, pad, made.resolve("unfit.jar"), "sample-device", other);
        Path beside =
                NextVersion.make(SAMPLE, pad, made.resolve("beside.jar"), "other-sample", other);
        return Container.options(
                SSH,
                VNC,
                CoreOptions.systemProperty("sample.device").value(SAMPLE.toString()),
                CoreOptions.systemProperty("sample.unfit").value(unfit.toString()),
                CoreOptions.systemProperty("sample.beside").value(beside.toString()),
                CoreOptions.systemProperty("disk.rom").value(System.getProperty("disk.rom")));
    }

    @Before
    public void waitForCommands() throws Exception {
        admin = Appliance.admin(sessions);
    }

    // --- a disk under traffic

    @Test
    public void aDiskUpdatedInDeployUnderTrafficLosesNothing() throws Exception {
        try (var guest = new DiskGuest(admin, "")) {
            for (int i = 0; i < UPDATES; i++) {
                String log = log();
                deploy(installed("devices-pc"), "devices-pc.jar");
                await("the disk to go", () -> since(log).contains("vm disk: device ide is gone"));
                await("it to be back", () -> since(log).contains("disk: running (what it waited"));
                guest.works();
            }
            guest.endsWell();
        }
    }

    /** The bundle has the VM's engine and a device of it, the ROM. */
    @Test
    public void aVmOnVmiWaitsForItsBundleAndGoesOn() throws Exception {
        try (var guest = new DiskGuest(admin, "--engine vmi")) {
            assertEquals("vmi", admin.run("vm:engine disk").trim());
            String hurt = admin.run("bundle:stop -t engine-vmi");
            assertTrue(hurt, hurt.contains("vm disk has engine vmi and waits until it is back"));
            assertTrue(hurt, hurt.contains("vm disk has device vmi and waits until it is back"));
            await("it to wait", () -> admin.run("vm:list").contains("paused"));

            admin.run("bundle:start engine-vmi");
            await("it to go on", () -> running(admin, "disk"));
            assertEquals("vmi", admin.run("vm:engine disk").trim());
            guest.works();

            String log = log();
            deploy(installed("engine-vmi"), "engine-vmi.jar");
            await("it to go", () -> since(log).contains("vm disk: device vmi is gone"));
            await("it to go on", () -> running(admin, "disk"));
            guest.works();

            admin.run("bundle:stop -t engine-vmi");
            await("it to wait", () -> admin.run("vm:list").contains("paused"));
            admin.run("vm:engine disk auto");
            String info = admin.run("vm:info disk");
            assertTrue(info, info.contains("device vmi: no device 'vmi'"));
            admin.run("bundle:start engine-vmi");
            await("it to go on", () -> running(admin, "disk"));
            guest.works();
            guest.endsWell();
        }
    }

    // --- a state that does not fit

    @Test
    public void aVersionThatCannotTakeTheStateIsRefusedAndTheVmWaitsForOneThatCan()
            throws Exception {
        deploy(SAMPLE, "sample-device.jar");
        try (var guest = new ScratchGuest(admin)) {
            guest.talk("a");
            String log = log();
            deploy(Path.of(System.getProperty("sample.unfit")), "sample-device.jar");
            String reason = "device scratch: its state has no 'text'";
            await("the refusal", () -> since(log).contains("vm scratch: waits: " + reason));
            await("it to wait", () -> admin.run("vm:list").contains("paused"));
            String info = admin.run("vm:info scratch");
            assertTrue(info, info.contains(reason));
            String error = admin.error("vm:resume scratch");
            assertTrue(error, error.contains(reason));

            deploy(SAMPLE, "sample-device.jar");
            await("it to go on", guest::runs);
            guest.talk("b");
            guest.holds("a");
        } finally {
            removeSample();
        }
    }

    @Test
    public void besideAVersionThatDoesNotFitTheOldOneGoesOn() throws Exception {
        deploy(SAMPLE, "sample-device.jar");
        try (var guest = new ScratchGuest(admin)) {
            guest.talk("a");
            String log = log();
            deploy(Path.of(System.getProperty("sample.beside")), "beside.jar");
            await(
                    "the refusal",
                    () ->
                            since(log)
                                    .contains(
                                            "vm scratch: the new version is not used: device scratch: its"
                                                    + " state has no 'text'"));
            await("it to run", guest::runs);
            guest.talk("b");
            guest.holds("a");
        } finally {
            undeploy("beside.jar");
            removeSample();
        }
    }

    // --- Karaf's own commands

    @Test
    public void karafsCommandsTellWhomTheyHurt() throws Exception {
        String hurt = "vm scratch has device scratch and waits until it is back";
        deploy(SAMPLE, "sample-device.jar");
        try (var guest = new ScratchGuest(admin)) {
            String restarted = admin.run("bundle:restart sample-device");
            assertTrue(restarted, restarted.contains(hurt));
            await("it to go on", guest::runs);
            String stopped = admin.run("bundle:stop -t sample-device");
            assertTrue(stopped, stopped.contains(hurt));
            await("it to wait", () -> admin.run("vm:list").contains("paused"));
            assertEquals("", admin.run("bundle:start sample-device"));
            await("it to go on", guest::runs);

            String error = new Shell(sessions, "viewer").error("bundle:stop sample-device");
            assertTrue(error, error.contains("not found") || error.contains("privileges"));
            String whole = admin.run("feature:uninstall --simulate trivium");
            assertTrue(whole, whole.contains("vm scratch runs in it and ends"));
            assertTrue(whole, whole.contains("vm scratch has device serial"));
        } finally {
            removeSample();
        }
    }

    private void removeSample() throws Exception {
        undeploy("sample-device.jar");
        await("the device to go", () -> !admin.run("hv:devices").contains("scratch"));
    }
}
