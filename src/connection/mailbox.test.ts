// Owns the tests of the mailbox.
import { describe, expect, it } from "vitest";
import { Mailbox } from "./mailbox.ts";

describe("a mailbox", () => {
  it("hands items out in order, urgent ones first", async () => {
    const mailbox = new Mailbox<number>();
    mailbox.push(1);
    mailbox.push(2);
    mailbox.pushFirst(0);
    expect(mailbox.size).toBe(3);
    expect([await mailbox.take(), await mailbox.take(), await mailbox.take()]).toEqual([0, 1, 2]);
  });

  it("wakes the waiting reader", async () => {
    const mailbox = new Mailbox<number>();
    const taken = mailbox.take();
    mailbox.push(1);
    mailbox.push(2);
    expect(await taken).toBe(1);
    expect(await mailbox.take()).toBe(2);
  });

  it("takes nothing more once closed, and is then read to its end", async () => {
    const mailbox = new Mailbox<number>();
    mailbox.push(1);
    mailbox.close();
    expect(mailbox.push(2)).toBe(false);
    expect(mailbox.pushFirst(3)).toBe(false);
    expect(await mailbox.take()).toBe(1);
    expect(await mailbox.take()).toBeUndefined();
  });

  it("lets a waiting reader go when closed", async () => {
    const mailbox = new Mailbox<number>();
    const taken = mailbox.take();
    mailbox.close();
    expect(await taken).toBeUndefined();
  });

  it("knows the weight of what waits", async () => {
    const mailbox = new Mailbox<number>((item) => item);
    const taken = mailbox.take();
    mailbox.push(1);
    expect([await taken, mailbox.weight]).toEqual([1, 0]);
    mailbox.push(2);
    mailbox.pushFirst(3);
    expect(mailbox.weight).toBe(5);
    expect([mailbox.takeNow(), mailbox.weight]).toEqual([3, 2]);
    expect([await mailbox.take(), mailbox.weight]).toEqual([2, 0]);
    mailbox.push(4);
    mailbox.clear();
    expect(mailbox.weight).toBe(0);
  });

  it("gives back what it clears", () => {
    const mailbox = new Mailbox<number>();
    mailbox.push(1);
    expect(mailbox.clear()).toEqual([1]);
    expect(mailbox.size).toBe(0);
  });
});
