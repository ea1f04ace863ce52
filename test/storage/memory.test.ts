import { describe } from "vitest";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { storageContract } from "./contract/all.js";

describe("memory", () => {
  storageContract(async () => {
    const backend = createMemoryBackend();
    return { backend, other: backend, destroy: () => backend.close() };
  });
});
