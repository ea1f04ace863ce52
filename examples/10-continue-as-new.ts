// An import of any length, a page a run: each run hands on to the next with the place where it stopped, so that no history grows without
// end. Together they are a chain; whoever waits for the first gets the result of the last.
//
// $ npx pyworkflow --module ./examples/10-continue-as-new.ts workflows run import_customers --arg pages=2 --wait
// run_…: no live worker executes import_customers, so this process executes the run
//   workflow.started
//   step.started step_import_page_1
//   step.completed step_import_page_1 after 1ms
//   workflow.continued_as_new after 10ms
//   workflow.started
//   step.started step_import_page_1
//   step.completed step_import_page_1 after 1ms
//   workflow.completed after 10ms
// run_…	completed
// $ npx pyworkflow runs result @last
// "200 customers on 2 pages"
// $ npx pyworkflow runs chain @last -o plain
// run_…
// run_…
import { continueAsNew, step, workflow } from "pyworkflow";
import { z } from "zod";

const importPage = step("import_page", async (page: number) => ({ page, customers: 100 }));

const progress = z.object({ pages: z.number(), page: z.number().default(1), customers: z.number().default(0) });

export const importCustomers = workflow({ name: "import_customers", input: progress }, async ({ pages, page, customers }): Promise<string> => {
  const imported = await importPage(page);
  const sum = customers + imported.customers;
  if (page < pages) return continueAsNew({ pages, page: page + 1, customers: sum });
  return `${sum} customers on ${page} pages`;
});
