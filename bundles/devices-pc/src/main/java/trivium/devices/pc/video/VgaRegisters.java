package trivium.devices.pc.video;

import trivium.devices.pc.States;

/**
 * The register files of an IBM VGA: sequencer, graphics controller, CRT controller, attribute
 * controller, DAC and the general registers, each written through its index and data port (IBM VGA
 * Technical Reference, 1992). Says by {@link #changed} what the rest of the chip depends on.
 */
final class VgaRegisters {
    static final int CLOCKING_MODE = 1, MAP_MASK = 2, CHARACTER_MAP = 3, MEMORY_MODE = 4;
    static final int SET_RESET = 0, ENABLE_SET_RESET = 1, COLOR_COMPARE = 2, DATA_ROTATE = 3;
    static final int READ_MAP = 4, MODE = 5, MISCELLANEOUS = 6, COLOR_DONT_CARE = 7, BIT_MASK = 8;
    static final int ATTRIBUTE_MODE = 0x10,
            PLANE_ENABLE = 0x12,
            PANNING = 0x13,
            COLOR_SELECT = 0x14;
    static final int CHAIN4 = 8, SCREEN_OFF = 0x20, HALF_CLOCK = 8, EIGHT_DOTS = 1;
    static final int ODD_EVEN = 0x10, SHIFT_256 = 0x40, SHIFT_CGA = 0x20, GRAPHICS = 1;
    private static final int LAST_CRTC = 0x18;
    private static final int CRTC_PROTECT = 0x80, OVERFLOW = 7, RETRACE_END = 0x11;
    private static final int PALETTE_ADDRESS_SOURCE = 0x20;
    private static final int DAC_WRITE = 0, DAC_READ = 3;

    private static final int[] SEQUENCER_BITS = {0x03, 0x3d, 0x0f, 0x3f, 0x0e, 0, 0, 0xff};
    private static final int[] GRAPHICS_BITS = {
        0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff, 0, 0, 0, 0, 0, 0, 0
    };

    /** What a write touched. */
    interface Listener {
        void changed();

        void unimplemented(String register, int value);

        int inputStatus1();
    }

    /** All registers, as the guest wrote them. */
    record State(
            int[] sequencer,
            int[] graphics,
            int[] crtc,
            int[] attribute,
            byte[] dac,
            int[] general) {}

    final int[] sequencer = new int[8];
    final int[] graphics = new int[16];
    final int[] crtc = new int[256];
    final int[] attribute = new int[32];
    final byte[] dac = new byte[768];
    int misc;
    int pelMask = 0xff;

    private final Listener listener;
    private int featureControl;
    private int sequencerIndex;
    private int graphicsIndex;
    private int crtcIndex;
    private int attributeIndex;
    private boolean attributeData;
    private int dacReadIndex;
    private int dacWriteIndex;
    private int dacComponent;
    private int dacState;

    VgaRegisters(Listener listener) {
        this.listener = listener;
    }

    boolean screenOn() {
        return (attributeIndex & PALETTE_ADDRESS_SOURCE) != 0
                && (sequencer[CLOCKING_MODE] & SCREEN_OFF) == 0;
    }

    /** The CRT controller answers at 3Bx or 3Dx, as the miscellaneous output register says. */
    private boolean elsewhere(int port) {
        return (port & 0xfff0) == ((misc & 1) != 0 ? 0x3b0 : 0x3d0);
    }

    int read(int port) {
        if (elsewhere(port)) {
            return 0xff;
        }
        return switch (port) {
            case 0x3c0 -> attributeData ? 0 : attributeIndex;
            case 0x3c1 -> attribute[attributeIndex & 0x1f];
            case 0x3c2 -> 0x10; // input status 0: a colour monitor, no interrupt
            case 0x3c4 -> sequencerIndex;
            case 0x3c5 -> sequencer[sequencerIndex];
            case 0x3c6 -> pelMask;
            case 0x3c7 -> dacState;
            case 0x3c8 -> dacWriteIndex;
            case 0x3c9 -> readDac();
            case 0x3ca -> featureControl;
            case 0x3cc -> misc;
            case 0x3ce -> graphicsIndex;
            case 0x3cf -> graphics[graphicsIndex];
            case 0x3b4, 0x3d4 -> crtcIndex;
            case 0x3b5, 0x3d5 -> crtc[crtcIndex];
            case 0x3ba, 0x3da -> {
                attributeData = false;
                yield listener.inputStatus1();
            }
            default -> 0xff;
        };
    }

    void write(int port, int value) {
        if (elsewhere(port)) {
            return;
        }
        switch (port) {
            case 0x3c0 -> writeAttribute(value);
            case 0x3c2 -> {
                misc = value & ~0x10;
                listener.changed();
            }
            case 0x3c4 -> sequencerIndex = value & 7;
            case 0x3c5 -> {
                sequencer[sequencerIndex] = value & SEQUENCER_BITS[sequencerIndex];
                listener.changed();
            }
            case 0x3c6 -> pelMask = value;
            case 0x3c7 -> {
                dacReadIndex = value;
                dacComponent = 0;
                dacState = DAC_READ;
            }
            case 0x3c8 -> {
                dacWriteIndex = value;
                dacComponent = 0;
                dacState = DAC_WRITE;
            }
            case 0x3c9 -> writeDac(value);
            case 0x3ce -> graphicsIndex = value & 0xf;
            case 0x3cf -> {
                graphics[graphicsIndex] = value & GRAPHICS_BITS[graphicsIndex];
                listener.changed();
            }
            case 0x3b4, 0x3d4 -> crtcIndex = value;
            case 0x3b5, 0x3d5 -> writeCrtc(value);
            case 0x3ba, 0x3da -> featureControl = value & 0x10;
            default -> listener.unimplemented("port %#x".formatted(port), value);
        }
    }

    private void writeAttribute(int value) {
        if (!attributeData) {
            attributeIndex = value & 0x3f;
        } else {
            int index = attributeIndex & 0x1f;
            // The palette proper can only be loaded while the screen does not use it; like other
            // SVGAs this one takes it at any time.
            attribute[index] =
                    switch (index) {
                        case 0x10 -> value & ~0x10;
                        case 0x11 -> value;
                        case 0x12 -> value & 0x3f;
                        case 0x13, 0x14 -> value & 0xf;
                        default -> index < 0x10 ? value & 0x3f : 0;
                    };
        }
        attributeData = !attributeData;
    }

    private void writeCrtc(int value) {
        if (crtcIndex > LAST_CRTC) {
            listener.unimplemented("CR%02X".formatted(crtcIndex), value);
            return;
        }
        boolean locked = (crtc[RETRACE_END] & CRTC_PROTECT) != 0 && crtcIndex <= OVERFLOW;
        if (!locked) {
            crtc[crtcIndex] = value;
        } else if (crtcIndex == OVERFLOW) {
            crtc[OVERFLOW] = crtc[OVERFLOW] & ~0x10 | value & 0x10; // line compare stays open
        }
        listener.changed();
    }

    private int readDac() {
        int value = dac[dacReadIndex * 3 + dacComponent] & 0xff;
        if (++dacComponent == 3) {
            dacComponent = 0;
            dacReadIndex = dacReadIndex + 1 & 0xff;
        }
        return value;
    }

    private void writeDac(int value) {
        dac[dacWriteIndex * 3 + dacComponent] = (byte) value;
        if (++dacComponent == 3) {
            dacComponent = 0;
            dacWriteIndex = dacWriteIndex + 1 & 0xff;
        }
    }

    void reset() {
        restore(
                new State(
                        new int[8],
                        new int[16],
                        new int[256],
                        new int[32],
                        new byte[768],
                        new int[] {0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
    }

    State save() {
        int[] general = {
            misc,
            pelMask,
            featureControl,
            sequencerIndex,
            graphicsIndex,
            crtcIndex,
            attributeIndex,
            attributeData ? 1 : 0,
            dacReadIndex,
            dacWriteIndex,
            dacComponent,
            dacState
        };
        return new State(
                sequencer.clone(),
                graphics.clone(),
                crtc.clone(),
                attribute.clone(),
                dac.clone(),
                general);
    }

    void restore(State state) {
        int[] general = new int[12];
        States.copy(state.general, general);
        States.copy(state.sequencer, sequencer);
        States.copy(state.graphics, graphics);
        States.copy(state.crtc, crtc);
        States.copy(state.attribute, attribute);
        States.copy(state.dac, dac);
        misc = general[0];
        pelMask = general[1];
        featureControl = general[2];
        sequencerIndex = general[3] & 7;
        graphicsIndex = general[4] & 0xf;
        crtcIndex = general[5] & 0xff;
        attributeIndex = general[6] & 0x3f;
        attributeData = general[7] != 0;
        dacReadIndex = general[8] & 0xff;
        dacWriteIndex = general[9] & 0xff;
        dacComponent = Math.floorMod(general[10], 3);
        dacState = general[11];
        listener.changed();
    }
}
