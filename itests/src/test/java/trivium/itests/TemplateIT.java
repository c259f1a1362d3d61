package trivium.itests;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static trivium.itests.Appliance.await;
import static trivium.itests.Appliance.deploy;
import static trivium.itests.Appliance.log;
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

/** What an outsider writes, dropped into deploy/ beside a VM at work. Inside the container. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class TemplateIT {
    private static final int SSH = 28108, VNC = 28970;
    private static final String ENGINE = "example-engine.jar", STRATEGY = "example-strategy.jar";

    @Inject SessionFactory sessions;

    private Shell admin;

    @Configuration
    public Option[] configuration() {
        return Container.options(
                SSH,
                VNC,
                CoreOptions.systemProperty("templates").value(System.getProperty("templates")),
                CoreOptions.systemProperty("disk.rom").value(System.getProperty("disk.rom")));
    }

    @Before
    public void waitForCommands() throws Exception {
        admin = Appliance.admin(sessions);
    }

    private static Path jar(String kind) {
        String file = "%s/target/example-%s-1.0.0-SNAPSHOT.jar".formatted(kind, kind);
        return Path.of(System.getProperty("templates"), file);
    }

    @Test
    public void aRunningVmMovesToAnEngineAndAStrategyThatCameByDeploy() throws Exception {
        deploy(jar("device"), "example-device.jar");
        await("the device", () -> admin.run("hv:devices").contains("example-device"));
        try (var guest = new DiskGuest(admin, "--device example-device,base=0x6f0")) {
            deploy(jar("engine"), ENGINE);
            deploy(jar("strategy"), STRATEGY);
            await("the engine", () -> admin.run("hv:engines").contains("example-engine"));
            await("the strategy", () -> admin.run("hv:engines").contains("example-strategy"));

            admin.run("vm:engine disk example-engine");
            admin.run("vm:mmu disk example-strategy");

            assertEquals("example-engine", admin.run("vm:engine disk").trim());
            assertEquals("example-strategy", admin.run("vm:mmu disk").trim());
            guest.works();
            String stats = admin.run("vm:stats disk");
            assertTrue(stats, stats.contains("exits.kick"));

            String log = log();
            deploy(jar("engine"), ENGINE);
            await("it to go", () -> since(log).contains("engine example-engine is gone"));
            await("it to be back", () -> admin.run("vm:engine disk").contains("example-engine"));
            guest.works();

            undeploy(STRATEGY);
            await("it to wait", () -> admin.run("vm:list").contains("paused"));
            String info = admin.run("vm:info disk");
            assertTrue(info, info.contains("MMU strategy example-strategy is gone"));
            admin.run("vm:mmu disk auto");
            admin.run("vm:engine disk auto");
            guest.works();
            guest.endsWell();
        } finally {
            undeploy(ENGINE);
            undeploy(STRATEGY);
            undeploy("example-device.jar");
        }
    }
}
