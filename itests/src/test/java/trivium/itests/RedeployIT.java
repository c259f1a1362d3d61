package trivium.itests;

import static org.junit.Assert.assertTrue;
import static trivium.itests.Appliance.await;
import static trivium.itests.Appliance.deploy;
import static trivium.itests.Appliance.installed;
import static trivium.itests.Appliance.log;
import static trivium.itests.Appliance.running;
import static trivium.itests.Appliance.since;

import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.framework.wiring.FrameworkWiring;

/** Bundles that come, are updated and go while VMs run. Inside the container. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class RedeployIT {
    private static final int SSH = 28105, VNC = 28920;
    private static final int REDEPLOYS = 100, WARM = 30;
    private static final int MORE_MIB = 200;
    private static final Path SAMPLE = Path.of(System.getProperty("sample.device"));
    private static final String ENGINE = "engine-bt", DEVICE = "sample-device";

    @Inject SessionFactory sessions;
    @Inject BundleContext bundles;

    private Shell admin;
    private int updates;

    @Configuration
    public Option[] configuration() {
        return Container.options(
                SSH,
                VNC,
                CoreOptions.systemProperty("sample.device").value(SAMPLE.toString()),
                CoreOptions.systemProperty("guests").value(System.getProperty("guests")),
                // What only soft references hold is no leak, but would look like one for minutes.
                CoreOptions.vmOption("-XX:SoftRefLRUPolicyMSPerMB=0"));
    }

    @Before
    public void waitForCommands() throws Exception {
        admin = Appliance.admin(sessions);
    }

    /** A pinned VM waits for the new version, one that is not goes on with another engine. */
    @Test
    public void anEngineUpdatedInDeployUnderABootingGuest() throws Exception {
        boolean bt = find(ENGINE).getState() == Bundle.ACTIVE && usable("bt");
        org.junit.Assume.assumeTrue("bt is not for this host", bt);
        Path jar = installed("engine-bt");
        bootGuests();
        try {
            String log = log();
            deploy(jar, "engine-bt.jar");
            await("the engine to go", () -> since(log).contains("vm pinned: engine bt is gone"));
            await("it to be back", () -> admin.run("vm:engine pinned").trim().equals("bt"));
            await("both to run", () -> running(admin, "pinned") && running(admin, "free"));
            String later = log();
            deploy(jar, "engine-bt.jar");
            await("it to go again", () -> since(later).contains("vm pinned: engine bt is gone"));
            for (String name : new String[] {"pinned", "free"}) {
                admin.run("vm:wait-for %s --serial '%s' --timeout 300".formatted(name, booted()));
            }
            assertTrue(since(log).contains("vm free: engine interpreter"));
            await("its engine", () -> admin.run("vm:engine free").trim().equals("bt"));
            assertTrue(admin.run("hv:bundle-users " + ENGINE).contains("waits until it is back"));
        } finally {
            for (String name : new String[] {"pinned", "free"}) {
                admin.run("vm:stop %s; vm:delete %s".formatted(name, name));
            }
        }
    }

    private void bootGuests() throws Exception {
        String kernel = kernel();
        admin.run("vm:create pinned --vnc none --engine bt --memory 128 " + kernel + " --start");
        admin.run("vm:create free --vnc none --memory 128 " + kernel + " --start");
        if (linux()) {
            admin.run("vm:wait-for pinned --serial 'Linux version' --timeout 120");
        }
    }

    private static boolean linux() {
        return Files.exists(guest("vmlinuz-686")) && Files.exists(guest("bios-256k.bin"));
    }

    private static Path guest(String name) {
        return Path.of(System.getProperty("guests")).resolve(name);
    }

    private static String kernel() {
        return linux()
                ? "--kernel %s --initrd %s --append 'console=ttyS0 cryptomgr.notests'"
                        .formatted(guest("vmlinuz-686"), guest("initrd-686.gz"))
                : "--kernel " + Path.of("data/guests/demo-guest.bin").toAbsolutePath();
    }

    private static String booted() {
        return linux() ? "trivium#" : "> ";
    }

    @Test
    public void aDeviceUpdatedInDeployKeepsItsState() throws Exception {
        deploy(SAMPLE, "sample-device.jar");
        try (var guest = new ScratchGuest(admin)) {
            guest.talk("a");
            String log = log();
            deploy(SAMPLE, "sample-device.jar");
            await("it to go", () -> since(log).contains("vm scratch: device scratch is gone"));
            await("it to be back", () -> since(log).contains("scratch: running (what it waited"));
            guest.talk("b");
            guest.holds("a");

            Files.delete(Path.of("deploy/sample-device.jar"));
            await("it to go", () -> admin.run("vm:list").contains("paused"));
            String info = admin.run("vm:info scratch");
            assertTrue(info, info.contains("device scratch: no device 'scratch'; there are"));
            deploy(SAMPLE, "sample-device.jar");
            await("it to go on", guest::runs);
            guest.talk("c");
            guest.holds("ab");
        }
    }

    @Test
    public void aHundredRedeploysLeakNothing() throws Exception {
        if (find(DEVICE) == null) {
            deploy(SAMPLE, "sample-device.jar");
        }
        try (var guest = new ScratchGuest(admin)) {
            Map<String, WeakReference<ClassLoader>> gone = new LinkedHashMap<>();
            redeploy(WARM, gone);
            collect(gone);
            Native before = Native.now();

            redeploy(REDEPLOYS - WARM, gone);

            collect(gone);
            Native after = Native.now();
            String both = "%d redeploys: %s, then %s".formatted(REDEPLOYS, before, after);
            System.out.println(both);
            assertTrue(both, after.ours < before.ours + 10);
            assertTrue(both, after.files < before.files + (REDEPLOYS - WARM) / 2);
            assertTrue(both, after.mebibytes < before.mebibytes + MORE_MIB);
            await("it to run", guest::runs);
            guest.talk("z!");
            guest.holds("z");
        }
    }

    /** Updates engine and device, with a VM on both. */
    private void redeploy(int times, Map<String, WeakReference<ClassLoader>> gone)
            throws Exception {
        Path engine = installed("engine-bt");
        for (int i = 0; i < times; i++) {
            update(find(ENGINE), engine, gone);
            update(find(DEVICE), SAMPLE, gone);
        }
    }

    private void update(Bundle bundle, Path jar, Map<String, WeakReference<ClassLoader>> gone)
            throws Exception {
        ClassLoader old = loader(bundle);
        await(
                "new version of " + bundle.getSymbolicName(),
                () -> {
                    if (loader(bundle) == old) {
                        unlessLocked(() -> replace(bundle, jar));
                    }
                    if (bundle.getState() != Bundle.ACTIVE) {
                        unlessLocked(bundle::start);
                    }
                    return bundle.getState() == Bundle.ACTIVE && loader(bundle) != old;
                });
        gone.put(bundle.getSymbolicName() + " " + ++updates, new WeakReference<>(old));
    }

    private void replace(Bundle bundle, Path jar) throws Exception {
        try (InputStream bytes = Files.newInputStream(jar)) {
            bundle.update(bytes);
        }
        var refreshed = new CountDownLatch(1);
        bundles.getBundle(0)
                .adapt(FrameworkWiring.class)
                .refreshBundles(List.of(bundle), _ -> refreshed.countDown());
        assertTrue(refreshed.await(60, TimeUnit.SECONDS));
    }

    private interface Change {
        void run() throws Exception;
    }

    /** Another thread of the container may be resolving, starting or stopping just now. */
    private static void unlessLocked(Change change) throws Exception {
        try {
            change.run();
        } catch (BundleException | IllegalStateException e) {
            assertTrue(e.toString(), e.getMessage().matches(".*(lock|starting|stopping).*"));
        }
    }

    /** Null while it is not resolved. */
    private static ClassLoader loader(Bundle bundle) {
        BundleWiring wiring = bundle.adapt(BundleWiring.class);
        return wiring == null ? null : wiring.getClassLoader();
    }

    /** Whatever some frame or compiled code still knows of one: a leak would be one each time. */
    private static void collect(Map<String, WeakReference<ClassLoader>> gone) throws Exception {
        long deadline = System.nanoTime() + 30_000_000_000L;
        do {
            System.gc();
            Thread.sleep(200);
            gone.values().removeIf(loader -> loader.get() == null);
        } while (!gone.isEmpty() && System.nanoTime() < deadline);
        String left = "class loaders that are still there: " + gone.keySet();
        System.out.println(left);
        assertTrue(left, gone.size() <= 1);
    }

    /**
     * What the process has of the host.
     *
     * @param ours mappings of our names: memory of guests and host code
     * @param files open ones
     * @param mebibytes resident beside the Java heap, which the collector sizes as it likes
     */
    private record Native(long ours, long files, long mebibytes) {
        static Native now() throws Exception {
            try (var maps = Files.lines(Path.of("/proc/self/maps"));
                    var files = Files.list(Path.of("/proc/self/fd"))) {
                String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
                return new Native(
                        maps.filter(line -> line.contains("trivium-")).count(),
                        files.count(),
                        Long.parseLong(pages[1]) * 4096 - heapBytes() >> 20);
            }
        }

        private static long heapBytes() {
            return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
        }
    }

    // --- the scene

    private boolean usable(String engine) throws Exception {
        return admin.run("hv:info --json").contains("\"" + engine + "\"");
    }

    private Bundle find(String name) {
        Bundle found = null;
        for (Bundle bundle : bundles.getBundles()) {
            found = name.equals(bundle.getSymbolicName()) ? bundle : found;
        }
        return found;
    }
}
