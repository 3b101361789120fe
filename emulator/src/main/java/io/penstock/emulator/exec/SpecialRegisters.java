package io.penstock.emulator.exec;

import java.util.Set;

/** Special registers that keep their value while a warp runs. */
final class SpecialRegisters {
    private static final Set<String> CHANGING =
            Set.of("clock", "clock64", "clock_hi", "globaltimer", "globaltimer_lo", "globaltimer_hi");
    private static final Set<String> KNOWN = Set.of("tid.x", "tid.y", "tid.z", "ntid.x", "ntid.y", "ntid.z",
            "ctaid.x", "ctaid.y", "ctaid.z", "nctaid.x", "nctaid.y", "nctaid.z", "laneid", "warpid", "nwarpid",
            "smid", "nsmid", "gridid", "lanemask_eq", "lanemask_le", "lanemask_lt", "lanemask_ge", "lanemask_gt",
            "dynamic_smem_size", "total_smem_size", "envreg1", "envreg2", "reserved_smem_offset_begin",
            "reserved_smem_offset_end", "reserved_smem_offset_cap", "reserved_smem_offset_0",
            "reserved_smem_offset_1", "clusterid.x", "clusterid.y", "clusterid.z", "nclusterid.x", "nclusterid.y",
            "nclusterid.z", "cluster_ctaid.x", "cluster_ctaid.y", "cluster_ctaid.z", "cluster_nctaid.x",
            "cluster_nctaid.y", "cluster_nctaid.z", "cluster_ctarank", "cluster_nctarank");

    private SpecialRegisters() {}

    static boolean isKnown(String name) {
        return KNOWN.contains(name);
    }

    static boolean isChanging(String name) {
        return CHANGING.contains(name);
    }

    static long value(String name, Warp warp, int lane) {
        Cta cta = warp.cta;
        Launch launch = cta.launch;
        int[] size = launch.clusterSize;
        int thread = warp.index * 32 + lane;
        return switch (name) {
            case "tid.x" -> thread % launch.blockX;
            case "tid.y" -> thread / launch.blockX % launch.blockY;
            case "tid.z" -> thread / launch.blockX / launch.blockY;
            case "ntid.x" -> launch.blockX;
            case "ntid.y" -> launch.blockY;
            case "ntid.z" -> launch.blockZ;
            case "ctaid.x" -> cta.index % launch.gridX;
            case "ctaid.y" -> cta.index / launch.gridX % launch.gridY;
            case "ctaid.z" -> cta.index / launch.gridX / launch.gridY;
            case "nctaid.x" -> launch.gridX;
            case "nctaid.y" -> launch.gridY;
            case "nctaid.z" -> launch.gridZ;
            case "clusterid.x" -> cta.index % launch.gridX / size[0];
            case "clusterid.y" -> cta.index / launch.gridX % launch.gridY / size[1];
            case "clusterid.z" -> cta.index / launch.gridX / launch.gridY / size[2];
            case "nclusterid.x" -> launch.gridX / size[0];
            case "nclusterid.y" -> launch.gridY / size[1];
            case "nclusterid.z" -> launch.gridZ / size[2];
            case "cluster_ctaid.x" -> cta.index % launch.gridX % size[0];
            case "cluster_ctaid.y" -> cta.index / launch.gridX % launch.gridY % size[1];
            case "cluster_ctaid.z" -> cta.index / launch.gridX / launch.gridY % size[2];
            case "cluster_nctaid.x" -> size[0];
            case "cluster_nctaid.y" -> size[1];
            case "cluster_nctaid.z" -> size[2];
            case "cluster_ctarank" -> cta.rank;
            case "cluster_nctarank" -> cta.cluster.ctas.length;
            case "laneid" -> lane;
            case "warpid" -> warp.index;
            case "nwarpid" -> 64;
            case "smid" -> cta.index % Launch.NUM_MULTIPROCESSORS;
            case "nsmid" -> Launch.NUM_MULTIPROCESSORS;
            case "gridid" -> 1;
            case "lanemask_eq" -> 1L << lane;
            case "lanemask_le" -> (2L << lane) - 1;
            case "lanemask_lt" -> (1L << lane) - 1;
            case "lanemask_ge" -> -(1L << lane) & 0xFFFF_FFFFL;
            case "lanemask_gt" -> -(2L << lane) & 0xFFFF_FFFFL;
            case "dynamic_smem_size" -> launch.dynamicSharedBytes;
            case "total_smem_size" -> launch.dynamicSharedBytes + warp.program.staticSharedBytes;
            case "envreg1" -> launch.gridWorkspace() >>> 32;
            case "envreg2" -> launch.gridWorkspace() & 0xFFFF_FFFFL;
            case "reserved_smem_offset_begin", "reserved_smem_offset_0" -> 0;
            case "reserved_smem_offset_1" -> Program.RESERVED_BYTES / 2;
            case "reserved_smem_offset_end", "reserved_smem_offset_cap" -> Program.RESERVED_BYTES;
            default -> throw new IllegalStateException(name);
        };
    }

    /** Whether it leads to shared memory that the runtime keeps for itself. */
    static boolean isReserved(String name) {
        return name.startsWith("reserved_smem");
    }

    static long changing(String name, Warp warp) {
        long ticks = warp.cta.launch.clock();
        return name.endsWith("_hi") ? ticks >>> 32 : ticks;
    }
}
