// A weight as images of tiles: 64 rows of it times 64 of k, with zeros where there is no more, at [tile of rows][tile
// of k]. Rows of a matrix fill an even number of tiles. Used by all that read weights on 9.0.
#pragma once

#include <cstdint>

constexpr int TILE_ROWS = 64;
constexpr int TILE_K = 64;
constexpr uint32_t kRowBytes = TILE_K * 2;
constexpr uint32_t kTileBytes = TILE_ROWS * kRowBytes;
constexpr int kChunks = kRowBytes / 16;

// Where 16 bytes of a row lie in a tile: chunks are swizzled by the row.
__device__ __forceinline__ uint32_t tile_offset(int row, int chunk) {
    return row * kRowBytes + (chunk ^ row % kChunks) * 16;
}
